using PimSim.Traces.Format;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// GEAR's approximation of a piece of a cache: X = Quant(X - S) + A B^T + S. The largest and smallest entries (S) are kept as they are; the others are
/// rounded to integers between the minimum and the maximum of their group; what that leaves is approximated, head by head, by a product of low rank.
/// </summary>
/// <param name="Bits">Of the integers.</param>
/// <param name="Group">Entries that share a scale and a zero: tokens of one channel for keys, channels of one token for values.</param>
/// <param name="Rank">Of the product; 0 for none.</param>
/// <param name="Outliers">Share of entries in S; half of them the largest, half the smallest.</param>
/// <param name="Iterations">Of the power iteration.</param>
public sealed record GearCompression(int Bits, int Group, int Rank, double Outliers, int Iterations)
{
    /// <summary>Entries that stay as they are, of so many: equally many from both ends.</summary>
    public int OutliersOf(int entries) => 2 * (int)(Outliers * entries / 2);

    /// <summary>What the compressed piece stands for.</summary>
    /// <param name="rows">A row of all heads for each token.</param>
    /// <param name="byChannel">Groups are tokens of a channel, as for keys; else channels of a token.</param>
    /// <param name="heads">Heads side by side in a row.</param>
    public float[][] Approximate(float[][] rows, bool byChannel, int heads)
    {
        ArgumentNullException.ThrowIfNull(rows);
        int tokens = rows.Length;
        int width = rows[0].Length;
        bool[] kept = Kept(rows);
        float[][] result = [.. rows.Select(row => row.ToArray())];
        int lines = byChannel ? width : tokens;
        int length = byChannel ? tokens : width;
        (int Token, int Channel) Place(int line, int index) => byChannel ? (index, line) : (line, index);
        for (int line = 0; line < lines; line++)
        {
            for (int first = 0; first < length; first += Group)
            {
                (int Token, int Channel)[] group = [.. Enumerable.Range(first, Math.Min(Group, length - first)).Select(index => Place(line, index))
                    .Where(place => !kept[(place.Token * width) + place.Channel])];
                Round(result, group);
            }
        }

        if (Rank > 0)
        {
            int headWidth = width / heads;
            for (int head = 0; head < heads; head++)
            {
                AddLowRank(rows, result, head * headWidth, headWidth);
            }
        }

        // What S holds is exact: it replaces whatever the sum says.
        for (int place = 0; place < kept.Length; place++)
        {
            if (kept[place])
            {
                result[place / width][place % width] = rows[place / width][place % width];
            }
        }

        return result;
    }

    private bool[] Kept(float[][] rows)
    {
        float[] all = [.. rows.SelectMany(row => row)];
        int half = OutliersOf(all.Length) / 2;
        int[] order = [.. Enumerable.Range(0, all.Length).OrderBy(place => all[place])];
        bool[] kept = new bool[all.Length];
        foreach (int place in order.Take(half).Concat(order.TakeLast(half)))
        {
            kept[place] = true;
        }

        return kept;
    }

    private void Round(float[][] values, (int Token, int Channel)[] group)
    {
        if (group.Length == 0)
        {
            return;
        }

        float least = group.Min(place => values[place.Token][place.Channel]);
        float most = group.Max(place => values[place.Token][place.Channel]);
        float step = (most - least) / ((1 << Bits) - 1);
        if (step <= 0)
        {
            return;
        }

        foreach ((int token, int channel) in group)
        {
            values[token][channel] = least + (step * MathF.Round((values[token][channel] - least) / step));
        }
    }

    /// <summary>Adds to a head of the result the product of low rank that is nearest to what it lacks, by power iteration.</summary>
    private void AddLowRank(float[][] rows, float[][] result, int first, int width)
    {
        double[][] lack = [.. rows.Select((row, token) => Enumerable.Range(first, width).Select(channel => (double)row[channel] - result[token][channel]).ToArray())];
        int rank = Math.Min(Rank, Math.Min(rows.Length, width));

        // Vectors of tokens (a) and of channels (b), one of each for each rank; b begins at random, the same on any machine.
        double[][] a = [];
        double[][] b = [.. Enumerable.Range(0, rank).Select(vector => Enumerable.Range(0, width).Select(channel =>
            ((SplitMix64.Mix((ulong)((vector * width) + channel + 1) * SplitMix64.Golden) >> 11) * (2.0 / (1UL << 53))) - 1).ToArray())];
        for (int iteration = 0; iteration < Math.Max(1, Iterations); iteration++)
        {
            a = [.. b.Select(vector => lack.Select(row => Dot(row, vector)).ToArray())];
            Orthonormalise(a);
            b = [.. a.Select(vector => Enumerable.Range(0, width).Select(channel => lack.Select((row, token) => row[channel] * vector[token]).Sum()).ToArray())];
        }

        for (int token = 0; token < rows.Length; token++)
        {
            for (int channel = 0; channel < width; channel++)
            {
                result[token][first + channel] += (float)Enumerable.Range(0, rank).Sum(vector => a[vector][token] * b[vector][channel]);
            }
        }
    }

    private static void Orthonormalise(double[][] vectors)
    {
        for (int index = 0; index < vectors.Length; index++)
        {
            double[] vector = vectors[index];
            for (int other = 0; other < index; other++)
            {
                double along = Dot(vector, vectors[other]);
                for (int place = 0; place < vector.Length; place++)
                {
                    vector[place] -= along * vectors[other][place];
                }
            }

            double length = Math.Sqrt(Dot(vector, vector));
            for (int place = 0; place < vector.Length; place++)
            {
                vector[place] = length > 1e-12 ? vector[place] / length : 0;
            }
        }
    }

    private static double Dot(double[] left, double[] right) => left.Zip(right, (x, y) => x * y).Sum();
}
