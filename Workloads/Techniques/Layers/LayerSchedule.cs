using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques.Layers;

/// <summary>
/// How many layers a token runs, by how many were generated before it, and which: a straight line from the most layers to the fewest.
/// </summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Most">Of the prompt, and of the first token after it.</param>
/// <param name="Fewest">From <paramref name="Decay"/> tokens on.</param>
/// <param name="WarmUp">Lowest layers, which every token runs.</param>
/// <param name="Decay">Tokens over which the number falls.</param>
/// <param name="Spread">Layers are spread evenly over the depth; else they are the topmost.</param>
public sealed record LayerSchedule(int Layers, int Most, int Fewest, int WarmUp, int Decay, bool Spread)
{
    /// <summary>Reads a technique's settings; 0 for <c>maxLayers</c> and <c>minLayers</c> means all layers.</summary>
    /// <exception cref="PimSimUserException">More layers than the model has, or fewer at first than later.</exception>
    public static LayerSchedule Read(TechniqueSettings settings, int layers)
    {
        ArgumentNullException.ThrowIfNull(settings);
        int OrAll(string name) => settings.Integer(name, 0, layers) is > 0 and int some ? some : layers;
        LayerSchedule schedule = new(
            layers,
            OrAll("maxLayers"),
            OrAll("minLayers"),
            settings.Integer("warmUpLayers", 0, layers),
            settings.Integer("decayTokens", 1),
            settings.Integer("spread", 0, 1) == 1);
        return schedule.Fewest <= schedule.Most && schedule.WarmUp <= schedule.Fewest
            ? schedule
            : throw new PimSimUserException(
                $"technique '{settings.Technique}' falls from {schedule.Most} layers to {schedule.Fewest} with {schedule.WarmUp} at the bottom: keys and values of all that a later token runs must be there, so that 'warmUpLayers' <= 'minLayers' <= 'maxLayers'");
    }

    /// <summary>How many layers the token runs that has so many generated tokens before it; the prompt has none.</summary>
    public int CountAt(int generated) => (int)Math.Round(
        Most - ((Most - Fewest) * Math.Min(1.0, (double)generated / Decay)), MidpointRounding.AwayFromZero);

    /// <summary>Which, in order. Of fewer topmost layers each is among those of more; a spread has one number of layers at all times.</summary>
    public int[] At(int generated)
    {
        int count = CountAt(generated);
        if (Spread)
        {
            return count == 1 ? [0] : [.. Enumerable.Range(0, count).Select(index => index * (Layers - 1) / (count - 1))];
        }

        int top = count - WarmUp;
        return [.. Enumerable.Range(0, WarmUp), .. Enumerable.Range(Layers - top, top)];
    }
}
