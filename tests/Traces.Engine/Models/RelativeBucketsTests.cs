using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Tests.Reference;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Models;

public class RelativeBucketsTests
{
    private static readonly Gen<RelativeBuckets> Any = Gen.Int[RelativeBuckets.LeastCount, 64].SelectMany(count => Gen.Int[(count / 2) + 1, 300].Select(distance => new RelativeBuckets(count, distance)));

    [Fact]
    public void Buckets_are_those_of_the_published_function() => Any.Sample(buckets =>
    {
        foreach (bool bidirectional in new[] { false, true })
        {
            for (int distance = -400; distance <= 400; distance++)
            {
                Assert.Equal(ReferenceEncoderDecoder.Bucket(distance, bidirectional, buckets.Count, buckets.MaxDistance), buckets.Of(distance, bidirectional));
            }
        }
    });

    [Fact]
    public void Every_bucket_but_one_has_a_distance_and_they_grow_with_it() => Any.Sample(buckets =>
    {
        int[] causal = [.. Enumerable.Range(0, 400).Select(distance => buckets.Of(-distance, bidirectional: false))];
        Assert.Equal(causal.Order(), causal);
        Assert.Equal(buckets.Count - 1, causal[^1]);
        Assert.Equal(0, buckets.Of(7, bidirectional: false));

        int half = buckets.Count / 2;
        Assert.InRange(buckets.Of(-399, bidirectional: true), 0, half - 1);
        Assert.InRange(buckets.Of(399, bidirectional: true), half, (2 * half) - 1);
        Assert.Equal(buckets.Of(-5, bidirectional: true) + half, buckets.Of(5, bidirectional: true));
    });

    [Theory]
    [InlineData(32, 128, true, 0, 0)]
    [InlineData(32, 128, true, -7, 7)]
    [InlineData(32, 128, true, -8, 8)]
    [InlineData(32, 128, true, -16, 10)]
    [InlineData(32, 128, true, -32, 12)]
    [InlineData(32, 128, true, -64, 14)]
    [InlineData(32, 128, true, -128, 15)]
    [InlineData(32, 128, true, 1, 17)]
    [InlineData(32, 128, true, 1000, 31)]
    [InlineData(32, 128, false, -15, 15)]
    [InlineData(32, 128, false, -16, 16)]
    [InlineData(32, 128, false, -1000, 31)]
    public void The_buckets_of_t5_are_known(int count, int maxDistance, bool bidirectional, int distance, int bucket) =>
        Assert.Equal(bucket, new RelativeBuckets(count, maxDistance).Of(distance, bidirectional));
}
