using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Models;

public class KvCacheTests
{
    [Fact]
    public void The_length_follows_extensions_and_rollbacks_and_never_exceeds_the_reserve() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 12]).Array[0, 40].Sample(actions =>
        {
            KvCache cache = new(RandomShape.Small, 2, 15);
            Stack<int> tokens = new();
            foreach ((bool extend, int number) in actions)
            {
                if (extend && number > 0 && tokens.Count + number > 15)
                {
                    Assert.Throws<PimSimUserException>(() => cache.Extend(number));
                }
                else if (extend && number > 0)
                {
                    cache.Extend(number);
                    Enumerable.Range(0, number).ToList().ForEach(tokens.Push);
                }
                else if (number > tokens.Count)
                {
                    Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(number));
                }
                else
                {
                    cache.Truncate(number);
                    while (tokens.Count > number)
                    {
                        tokens.Pop();
                    }
                }

                Assert.Equal(tokens.Count, cache.Length);
            }
        });

    [Fact]
    public void Exceeding_the_reserve_names_both_sizes()
    {
        KvCache cache = new(RandomShape.Small, 1, 15);
        cache.Extend(10);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => cache.Extend(6));
        Assert.Equal("16 tokens of small do not fit in the cache, which reserves 15 per sequence", fault.Message);
    }

    [Fact]
    public void Reserving_more_than_the_model_has_positions_names_both_sizes()
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new KvCache(RandomShape.Small, 1, 21));
        Assert.Equal("a context of 21 tokens is too long for small, which has 20 positions", fault.Message);
        Assert.Equal(20, new KvCache(RandomShape.Small, 1, 20).Capacity);
    }
}
