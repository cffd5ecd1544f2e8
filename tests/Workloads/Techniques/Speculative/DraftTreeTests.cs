using CsCheck;
using PimSim.Workloads.Techniques.Speculative;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Speculative;

public class DraftTreeTests
{
    [Fact]
    public void Levels_have_the_widths_asked_for_and_parents_come_first() =>
        Gen.Int[1, 12].Array[1, 5].Sample(widths =>
        {
            var tree = DraftTree.OfWidths(widths);
            Assert.Equal(widths.Sum() + 1, tree.Parents.Length);
            Assert.Equal(widths.Length, tree.Depth);
            for (int level = 1; level <= widths.Length; level++)
            {
                Assert.Equal(widths[level - 1], tree.Level(level).Length);
                Assert.All(tree.Level(level), node => Assert.Equal(level - 1, tree.Depths[tree.Parents[node]]));
                Assert.Equal(level + 1, tree.PathToLevel(level).Length);
            }

            // Siblings are different continuations, without a gap: a less likely one comes only with all that are likelier.
            foreach (IGrouping<int, int> siblings in Enumerable.Range(1, widths.Sum()).GroupBy(node => tree.Parents[node], node => tree.Ranks[node]))
            {
                Assert.Equal(Enumerable.Range(0, siblings.Count()), siblings.Order());
            }
        });
}
