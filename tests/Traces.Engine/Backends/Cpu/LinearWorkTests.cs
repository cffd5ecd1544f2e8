using System.Runtime.InteropServices;
using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Cpu;

/// <summary>Products of any size and storage against double loops over the same stored weights.</summary>
public class LinearWorkTests
{
    // A single has a rounding unit of 6e-8; a sum of n terms is off by at most n of them relative to the sum of absolute terms.
    private const double Unit = 1.0 / (1 << 24);

    private static readonly Gen<(DataType Type, int Rows, int Columns, int Tokens, int Group, int Seed)> Case =
        from type in StorageTypes.Any
        from rows in Gen.OneOf(Gen.Int[1, 40], Gen.Int[1, 700])
        from columns in Gen.OneOf(Gen.Int[1, 70], Gen.Int[1, 900])
        from tokens in Gen.Int[1, 11]
        from vectors in Gen.Int[0, 4]
        from seed in Gen.Int[0, 1_000_000]
        let whole = vectors == 0 ? columns : (columns + (16 * vectors) - 1) / (16 * vectors) * (16 * vectors)
        select type is DataType.Int8 or DataType.Int4
            ? (type, rows, whole, tokens, vectors == 0 ? SmallestDivisor(columns) : 16 * vectors, seed)
            : (type, rows, columns, tokens, 0, seed);

    [Fact]
    public void Products_are_those_of_double_loops() => Case.Sample(
        c =>
        {
            Random random = new(c.Seed);
            WeightTensor tensor = NewTensor(c.Type, c.Rows, c.Columns, c.Group, random);
            double[][] weights = ReferenceWeights.Read(tensor);
            float[] bias = c.Seed % 2 == 0 ? [] : [.. Enumerable.Range(0, c.Rows).Select(_ => random.NextSingle())];

            // Every other row of a wider tensor, as the last rows of several sequences are.
            CpuTensor input = new CpuTensor(new TensorStorage(2 * c.Tokens * c.Columns), 2 * c.Tokens, c.Columns).LastRows(c.Tokens);
            CpuTensor result = new(new TensorStorage(c.Tokens * c.Rows), c.Tokens, c.Rows);
            for (int token = 0; token < c.Tokens; token++)
            {
                foreach (ref float value in input.WritableRow(token))
                {
                    value = random.NextSingle() - 0.5f;
                }
            }

            LinearWork work = new(2);
            int pieces = work.Prepare(new CpuMatrix(tensor, bias), input, result);
            for (int piece = pieces - 1; piece >= 0; piece--)
            {
                work.Run(piece, piece % 2);
            }

            for (int token = 0; token < c.Tokens; token++)
            {
                for (int row = 0; row < c.Rows; row++)
                {
                    double sum = bias.Length == 0 ? 0 : bias[row];
                    double size = Math.Abs(sum);
                    for (int column = 0; column < c.Columns; column++)
                    {
                        double term = weights[row][column] * input.Row(token)[column];
                        sum += term;
                        size += Math.Abs(term);
                    }

                    // 16 partial sums, then at most 15 more columns, and the decoding of a scaled weight.
                    Assert.InRange(result.Row(token)[row], sum - ((c.Columns / 16) + 24) * Unit * size, sum + ((c.Columns / 16) + 24) * Unit * size);
                }
            }
        },
        iter: 400);

    [Fact]
    public void Every_half_is_decoded_exactly()
    {
        ushort[] bits = [.. Enumerable.Range(0, 65536).Select(value => (ushort)value)];
        AssertDecodes<Fp16Decoder>(bits, value => (float)BitConverter.UInt16BitsToHalf(value));
        AssertDecodes<Bf16Decoder>(bits, value => BitConverter.UInt32BitsToSingle((uint)value << 16));
    }

    [Fact]
    public void Every_pair_of_integers_is_decoded_exactly()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        float[] row = new float[512];
        RowProducts.Decode<Int8Decoder>(ref bytes[0], [1], 256, row.AsSpan(0, 256));
        Assert.Equal(bytes.Select(value => (float)(sbyte)value), row[..256]);
        RowProducts.Decode<Int4Decoder>(ref bytes[0], [1], 512, row);
        Assert.Equal(bytes.SelectMany(value => new float[] { ((value & 15) ^ 8) - 8, ((value >> 4) ^ 8) - 8 }), row);
    }

    private static void AssertDecodes<TDecoder>(ushort[] bits, Func<ushort, float> expected)
        where TDecoder : struct, IWeightDecoder
    {
        float[] row = new float[bits.Length];
        ref byte start = ref MemoryMarshal.AsBytes(bits.AsSpan())[0];
        RowProducts.Decode<TDecoder>(ref start, [], 0, row);
        for (int index = 0; index < bits.Length; index++)
        {
            // Of what is no number, and only of that, another kind of no finite number may come.
            float value = expected(bits[index]);
            if (float.IsNaN(value))
            {
                Assert.False(float.IsFinite(row[index]));
                Assert.True(float.IsNaN(TDecoder.LoadOne(ref start, (nuint)index)));
            }
            else
            {
                Assert.Equal(BitConverter.SingleToUInt32Bits(value), BitConverter.SingleToUInt32Bits(row[index]));
                Assert.Equal(BitConverter.SingleToUInt32Bits(value), BitConverter.SingleToUInt32Bits(TDecoder.LoadOne(ref start, (nuint)index)));
            }
        }
    }

    private static WeightTensor NewTensor(DataType type, int rows, int columns, int group, Random random)
    {
        double[][] values = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => random.NextDouble() - 0.5).ToArray())];
        if (type is DataType.Int8 or DataType.Int4)
        {
            return QuantisedWeights.Quantise(values, type, group);
        }

        // Two places, the second at an address that is no multiple of anything.
        byte[] bytes =
        [
            .. values.SelectMany(row => row).SelectMany(value => type switch
            {
                DataType.Fp32 => BitConverter.GetBytes((float)value),
                DataType.Fp16 => BitConverter.GetBytes((Half)value),
                _ => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16)),
            }),
        ];
        int rowBytes = (int)type.Bytes(columns);
        int first = random.Next(rows);
        TestMemory before = new(bytes[..(first * rowBytes)]);
        TestMemory after = new([7, .. bytes[(first * rowBytes)..]]);
        return new WeightTensor(type, rows, columns, [new(before, 0, first), new(after, 1, rows - first)]);
    }

    private static int SmallestDivisor(int value) => Enumerable.Range(2, value).FirstOrDefault(divisor => value % divisor == 0, 1);
}
