using System.Globalization;
using System.Text;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Text;

/// <summary>Values stored under keys and asked for again, sometimes after they changed: what an attention head can copy.</summary>
internal static class RecallText
{
    /// <summary>Writes one dialogue with a store.</summary>
    public static string Write(SeededRandom random)
    {
        StringBuilder text = new();
        Dictionary<string, int> store = new(StringComparer.Ordinal);
        List<string> keys = [];
        int pairs = random.Next(3, 7);
        while (keys.Count < pairs)
        {
            string key = $"{random.Pick(StoryWords.Colours)} {random.Pick(StoryWords.Things)}";
            if (store.TryAdd(key, 0))
            {
                keys.Add(key);
                Set(key);
            }
        }

        int questions = random.Next(4, 10);
        for (int i = 0; i < questions; i++)
        {
            string key = random.Pick(keys);
            if (random.Chance(15))
            {
                Set(key);
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"get {key} -> {store[key]}\n");
        }

        return text.ToString();

        void Set(string key)
        {
            store[key] = random.Next(100, 9999);
            text.Append(CultureInfo.InvariantCulture, $"set {key} = {store[key]}\n");
        }
    }
}
