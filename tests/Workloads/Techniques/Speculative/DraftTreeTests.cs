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

    [Theory]
    [InlineData("medusa", 10, 28, 23, 2)]
    [InlineData("eagle", 4, 8, 8, 3, 2)]
    [InlineData("falcon", 20, 15, 19, 23, 21, 23, 21, 23)]
    public void Shipped_trees_have_the_published_nodes_on_each_level(string technique, params int[] widths)
    {
        var tree = DraftTree.OfChildren(PimSim.Workloads.Techniques.TechniqueCatalogue.Shipped.Get(technique).Settings.Integers("treeChildren").AsSpan());
        Assert.Equal(widths, Enumerable.Range(1, tree.Depth).Select(level => tree.Level(level).Length));
    }

    [Fact]
    public void Blocks_of_two_of_the_tree_of_Falcon_take_the_published_rows()
    {
        var tree = DraftTree.OfChildren(PimSim.Workloads.Techniques.TechniqueCatalogue.Shipped.Get("falcon").Settings.Integers("treeChildren").AsSpan());
        Assert.Equal([14, 22, 24, 0], new[] { 2, 4, 6, 8 }.Select(level => 2 * tree.Inner(level).Length));
    }

    [Fact]
    public void Ways_lead_from_node_0_to_every_leaf()
    {
        var tree = DraftTree.OfChildren([2, 2, 0, 1]);
        Assert.Equal([-1, 0, 0, 1, 1, 3], tree.Parents);
        Assert.Equal(3, tree.Leaves);
        Assert.Equal([0, 2, 2, 2, 0, 1, 4, 4, 0, 1, 3, 5], tree.Ways);
    }

    [Fact]
    public void A_tree_without_room_for_its_numbers_is_refused()
    {
        Assert.Throws<ArgumentException>(() => DraftTree.OfChildren([1, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => DraftTree.OfParents([-1, 0, 1, 0], [0, 0, 0, 1]));
    }
}
