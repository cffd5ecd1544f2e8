namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>Numbers of rows and weights that only matter where there is data; elsewhere zeros of the same count, made once.</summary>
internal sealed class Numbers(bool hasData)
{
    private readonly Dictionary<int, int[]> _integers = [];
    private readonly Dictionary<int, float[]> _floats = [];

    /// <summary>So many whole numbers.</summary>
    public int[] Integers(int count, Func<int, int> number) => hasData ? [.. Enumerable.Range(0, count).Select(number)] : Kept(_integers, count);

    /// <summary>So many others.</summary>
    public float[] Floats(int count, Func<int, float> number) => hasData ? [.. Enumerable.Range(0, count).Select(number)] : Kept(_floats, count);

    private static T[] Kept<T>(Dictionary<int, T[]> known, int count)
    {
        if (!known.TryGetValue(count, out T[]? numbers))
        {
            numbers = new T[count];
            known.Add(count, numbers);
        }

        return numbers;
    }
}
