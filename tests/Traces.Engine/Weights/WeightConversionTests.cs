using CsCheck;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Weights;

public class WeightConversionTests
{
    private static readonly Gen<(float[,] Values, int Group, DataType Type)> AnyMatrix =
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 6], Gen.Int[1, 3], Gen.Int[32, 128], Gen.Bool).Select((seed, rows, groups, group, wide) =>
        {
            Random random = new(seed);
            float[,] values = new float[rows, groups * group];
            double size = Math.Pow(2, random.Next(-140, 120));
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < groups * group; column++)
                {
                    values[row, column] = (float)(size * ((2 * random.NextDouble()) - 1)) * random.Next(4);
                }
            }

            return (values, group, wide ? DataType.Int8 : DataType.Int4);
        });

    [Fact]
    public void A_quantised_value_is_off_by_half_a_scale_at_most() => AnyMatrix.Sample(
        drawn =>
        {
            WeightTensor quantised = WeightConversion.Quantise(Tensor(drawn.Values), drawn.Type, drawn.Group);
            float[,] read = StoredMatrix.Read(quantised);
            int groups = drawn.Values.GetLength(1) / drawn.Group;
            for (int row = 0; row < read.GetLength(0); row++)
            {
                for (int column = 0; column < read.GetLength(1); column++)
                {
                    double scale = quantised.Scales.Span[(row * groups) + (column / drawn.Group)];

                    // Rounded in single precision: quotients up to 127 carry an error of 2^-18.
                    Assert.InRange(Math.Abs(read[row, column] - (double)drawn.Values[row, column]), 0, scale * (0.5 + 1e-5));
                }
            }
        },
        iter: 200);

    [Fact]
    public void The_largest_value_of_a_group_uses_the_whole_range() => AnyMatrix.Sample(
        drawn =>
        {
            WeightTensor quantised = WeightConversion.Quantise(Tensor(drawn.Values), drawn.Type, drawn.Group);
            int limit = drawn.Type == DataType.Int8 ? 127 : 7;
            int groups = drawn.Values.GetLength(1) / drawn.Group;
            for (int row = 0; row < quantised.Rows; row++)
            {
                byte[] bytes = Stored(quantised, row);
                for (int group = 0; group < groups; group++)
                {
                    int largest = Enumerable.Range(group * drawn.Group, drawn.Group).Max(column => Math.Abs(StoredMatrix.Number(drawn.Type, bytes, column)));
                    float scale = quantised.Scales.Span[(row * groups) + group];

                    // A scale among the smallest numbers there are is coarse.
                    Assert.True(largest == limit || scale < 1e-42f, $"{largest} of {limit}");
                }
            }
        },
        iter: 200);

    [Fact]
    public void Whole_multiples_of_a_scale_are_exact() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Bool, Gen.Int[-20, 20]).Sample(
        (seed, wide, exponent) =>
        {
            Random random = new(seed);
            int limit = wide ? 127 : 7;
            float[,] values = new float[5, 96];
            for (int row = 0; row < 5; row++)
            {
                for (int column = 0; column < 96; column++)
                {
                    // 16 significant bits: the product with the limit is exact.
                    float scale = (float)Math.ScaleB(32_768 + new Random(seed + row + (column / 32)).Next(32_768), exponent);
                    values[row, column] = (column % 32 == 3 ? limit : random.Next(-limit, limit + 1)) * scale;
                }
            }

            Assert.Equal(values, StoredMatrix.Read(WeightConversion.Quantise(Tensor(values), wide ? DataType.Int8 : DataType.Int4, 32)));
        },
        iter: 200);

    [Fact]
    public void Of_two_int4_in_a_byte_the_lower_half_is_the_earlier_column()
    {
        float[,] values = new float[1, 33];
        (values[0, 0], values[0, 1], values[0, 2], values[0, 3], values[0, 32]) = (7, -7, -1, 3, 5);
        WeightTensor quantised = WeightConversion.Quantise(Tensor(values), DataType.Int4, 33);
        Assert.Equal(1, Assert.Single(quantised.Scales.ToArray()));
        byte[] bytes = Stored(quantised, 0);
        Assert.Equal([0x97, 0x3F], bytes[..2]);
        Assert.Equal((17, 0x05), (bytes.Length, bytes[16]));
    }

    [Fact]
    public void A_group_of_zeros_stays_zero()
    {
        float[,] values = new float[2, 64];
        values[1, 40] = -3;
        WeightTensor quantised = WeightConversion.Quantise(Tensor(values), DataType.Int4, 32);
        Assert.Equal(values, StoredMatrix.Read(quantised));
        Assert.Equal([0f, 0f, 0f, 3f / 7], quantised.Scales.ToArray());
    }

    [Fact]
    public void Rows_are_read_as_they_are_documented() => AnyMatrix.Sample(
        drawn =>
        {
            WeightTensor quantised = WeightConversion.Quantise(Tensor(drawn.Values), drawn.Type, drawn.Group);
            Assert.Equal(StoredMatrix.Read(quantised), StoredMatrix.Read(WeightConversion.ToFloat(quantised, DataType.Fp32)));
        },
        iter: 100);

    [Fact]
    public void Conversion_to_shorter_floats_rounds_to_the_nearest_and_ties_to_even() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Bool).Sample(
        (seed, half) =>
        {
            Random random = new(seed);
            float[,] values = new float[3, 40];
            for (int row = 0; row < 3; row++)
            {
                for (int column = 0; column < 40; column++)
                {
                    // Every second one lies on a tie of bf16, or near one of fp16.
                    uint bits = BitConverter.SingleToUInt32Bits((float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-8, 9))));
                    values[row, column] = BitConverter.UInt32BitsToSingle(column % 2 == 0 ? bits : (bits & 0xFFFF_0000) | 0x8000);
                }
            }

            float[,] read = StoredMatrix.Read(WeightConversion.ToFloat(Tensor(values), half ? DataType.Fp16 : DataType.Bf16));
            for (int row = 0; row < 3; row++)
            {
                for (int column = 0; column < 40; column++)
                {
                    Assert.Equal(half ? (float)(Half)values[row, column] : NearestBrain(values[row, column]), read[row, column]);
                }
            }
        },
        iter: 200);

    [Fact]
    public void Every_fp16_and_bf16_number_survives_the_way_to_fp32_and_back()
    {
        byte[] all = [.. Enumerable.Range(0, 65_536).SelectMany(bits => BitConverter.GetBytes((ushort)bits))];
        foreach (DataType type in (DataType[])[DataType.Fp16, DataType.Bf16])
        {
            WeightTensor tensor = new(type, 256, 256, [new WeightSegment(new CopiedWeights(all), 0, 256)]);
            WeightTensor back = WeightConversion.ToFloat(WeightConversion.ToFloat(tensor, DataType.Fp32), type);
            Assert.Equal(StoredMatrix.Read(tensor), StoredMatrix.Read(back));
        }
    }

    [Fact]
    public void Values_without_a_place_in_the_type_are_refused()
    {
        float[,] values = new float[2, 32];
        values[1, 5] = 70_000;
        Assert.Equal("row 1, column 5 of a matrix is 70000, which is too large for fp16", Assert.Throws<PimSimUserException>(() => WeightConversion.ToFloat(Tensor(values), DataType.Fp16)).Message);
        values[1, 5] = float.NaN;
        Assert.Contains("row 1", Assert.Throws<PimSimUserException>(() => WeightConversion.Quantise(Tensor(values), DataType.Int8, 32)).Message, StringComparison.Ordinal);
        values[1, 5] = float.NegativeInfinity;
        Assert.Contains("row 1", Assert.Throws<PimSimUserException>(() => WeightConversion.Quantise(Tensor(values), DataType.Int4, 32)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4096, 128, 128)]
    [InlineData(172, 64, 43)]
    [InlineData(20, 64, 20)]
    [InlineData(96, 64, 48)]
    [InlineData(40, 64, 40)]
    public void The_group_size_divides_the_columns(int columns, int wanted, int expected) => Assert.Equal(expected, WeightConversion.GroupSizeFor(columns, wanted));

    [Theory]
    [InlineData(131, 128)]
    [InlineData(64, 16)]
    [InlineData(64, 256)]
    public void An_impossible_group_size_is_refused(int columns, int wanted) => Assert.Throws<PimSimUserException>(() => WeightConversion.GroupSizeFor(columns, wanted));

    [Theory]
    [InlineData(48)]
    [InlineData(16)]
    [InlineData(0)]
    public void A_group_size_that_does_not_fit_is_a_bug(int group) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightConversion.Quantise(Tensor(new float[1, 64]), DataType.Int8, group));

    internal static WeightTensor Tensor(float[,] values)
    {
        // Two segments in one memory, with bytes before and between that are no weights.
        (int rows, int columns) = (values.GetLength(0), values.GetLength(1));
        int firstRows = rows / 2;
        List<byte> bytes = [9, 9, 9];
        long[] offsets = new long[2];
        for (int row = 0; row < rows; row++)
        {
            if (row == firstRows)
            {
                bytes.Add(9);
                offsets[1] = bytes.Count;
            }

            offsets[0] = row == 0 && firstRows > 0 ? bytes.Count : offsets[0];
            for (int column = 0; column < columns; column++)
            {
                bytes.AddRange(BitConverter.GetBytes(values[row, column]));
            }
        }

        CopiedWeights memory = new([.. bytes]);
        return new WeightTensor(DataType.Fp32, rows, columns, [new WeightSegment(memory, offsets[0], firstRows), new WeightSegment(memory, offsets[1], rows - firstRows)]);
    }

    private static byte[] Stored(WeightTensor tensor, int row) => WeightRows.Stored(tensor, row).ToArray();

    private static float NearestBrain(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        float low = BitConverter.UInt32BitsToSingle(bits & 0xFFFF_0000);
        float high = BitConverter.UInt32BitsToSingle((bits & 0xFFFF_0000) + 0x1_0000);
        double below = Math.Abs((double)value - low);
        double above = Math.Abs((double)high - value);
        bool lowIsEven = ((bits >> 16) & 1) == 0;
        return below < above || (below == above && lowIsEven) ? low : high;
    }
}
