using CsCheck;
using PimSim.Simulator.Serving.Memory;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class KvMemoryTests
{
    private const int Blocks = 12;
    private const int PerPiece = 2;

    /// <summary>Against blocks with identities: who owns each, which piece it holds, who uses that piece, when it fell idle.</summary>
    [Fact]
    public void Counts_are_those_of_a_memory_of_single_blocks() => Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5], Gen.Long[0, 1].Array[0, 4], Gen.Int[0, 4]).Array[0, 60].Sample(steps =>
    {
        KvMemory memory = new(Blocks, PerPiece);
        List<Holder> holders = [];
        List<string> idle = [];
        int Used() => holders.Sum(h => h.Own) + (holders.SelectMany(h => h.Pieces).Distinct().Count() * PerPiece);
        foreach ((int kind, int amount, long[] ids, int leave) in steps)
        {
            if (kind < 2)
            {
                List<string> known = [.. Names(ids).TakeWhile(n => idle.Contains(n) || holders.Exists(h => h.Pieces.Contains(n)))];
                PrefixMatch match = memory.Match(ids);
                Assert.Equal(known.Count, match.Pieces);
                Assert.Equal(known.Count(idle.Contains), match.Unused);
                Holder holder = new() { Own = amount, Pieces = known, Leaf = match.Leaf };
                holders.Add(holder);
                bool fits = Used() + leave <= Blocks;
                Assert.Equal(fits, memory.TryTake(in match, amount, leave));
                if (!fits)
                {
                    holders.Remove(holder);
                }
                else
                {
                    idle.RemoveAll(known.Contains);
                }
            }
            else if (holders.Count > 0 && kind == 2)
            {
                Holder holder = holders[amount % holders.Count];
                holders.Remove(holder);
                memory.Release(holder.Own);
                if (holder.Leaf >= 0)
                {
                    memory.ReleasePrefix(holder.Leaf);
                }

                idle.AddRange(Enumerable.Reverse(holder.Pieces).Where(p => !holders.Exists(h => h.Pieces.Contains(p))));
            }
            else if (holders.Count > 0)
            {
                // A holder makes as many of its blocks shareable as the names say.
                Holder holder = holders[amount % holders.Count];
                List<string> names = Names(ids);
                if (names.Count <= holder.Pieces.Count || !names.Take(holder.Pieces.Count).SequenceEqual(holder.Pieces) || (names.Count - holder.Pieces.Count) * PerPiece > holder.Own)
                {
                    continue;
                }

                holder.Leaf = memory.Share(holder.Leaf, ids.AsSpan(holder.Pieces.Count));
                holder.Own -= (names.Count - holder.Pieces.Count) * PerPiece;
                holder.Pieces = names;
                idle.RemoveAll(names.Contains);
            }

            while (Used() + (idle.Count * PerPiece) > Blocks)
            {
                idle.RemoveAt(0);
            }

            Assert.Equal(Used(), memory.UsedBlocks);
            Assert.Equal(idle.Count * PerPiece, memory.CachedBlocks);
            Assert.InRange(memory.UsedBlocks + memory.CachedBlocks, 0, Blocks);
        }
    });

    private static List<string> Names(long[] ids) => [.. Enumerable.Range(1, ids.Length).Select(n => string.Join(',', ids.Take(n)))];

    private sealed class Holder
    {
        public int Own { get; set; }

        public List<string> Pieces { get; set; } = [];

        public int Leaf { get; set; }
    }
}
