namespace PimSim.Traces.Training.Text;

/// <summary>The people, places and things of the stories.</summary>
internal static class StoryWords
{
    /// <summary>Names and whether 'she' stands for them.</summary>
    public static readonly (string Name, bool She)[] People =
    [
        ("Mira", true), ("Tomas", false), ("Ada", true), ("Jonas", false), ("Lena", true), ("Oskar", false), ("Nora", true), ("Emil", false),
        ("Petra", true), ("Viktor", false), ("Ines", true), ("Felix", false), ("Greta", true), ("Anton", false), ("Livia", true), ("Bruno", false),
        ("Selma", true), ("Kasper", false), ("Runa", true), ("Matteo", false),
    ];

    public static readonly string[] Trades =
    [
        "baker", "miller", "tailor", "fisher", "gardener", "carpenter", "painter", "shepherd", "teacher", "clockmaker", "sailor", "beekeeper",
        "potter", "weaver", "farmer", "musician",
    ];

    public static readonly string[] Places =
    [
        "mill", "harbour", "garden", "library", "bakery", "bridge", "forest", "market", "tower", "cellar", "school", "lighthouse", "workshop",
        "orchard", "station", "barn", "museum", "kitchen", "meadow", "well",
    ];

    public static readonly string[] Things =
    [
        "lantern", "key", "book", "kite", "basket", "violin", "clock", "map", "coin", "bottle", "letter", "drum", "rope", "mirror", "hat", "bell",
        "knife", "box", "whistle", "blanket", "compass", "candle", "umbrella", "ring",
    ];

    public static readonly string[] Colours = ["red", "blue", "green", "yellow", "white", "black", "brown", "silver", "golden", "grey"];

    public static readonly string[] Qualities = ["tiny", "small", "heavy", "broken", "strange", "shiny", "dusty", "beautiful"];

    public static readonly string[] Times = ["One morning", "One evening", "On a cold day", "Late in the summer", "After the rain", "On the first day of spring", "In the middle of the night", "One windy afternoon"];

    public static readonly string[] Weather = ["It was raining.", "The sun was shining.", "Snow was falling.", "A strong wind was blowing.", "Fog lay over the fields.", "The sky was clear."];

    public static readonly string[] Feelings = ["happy", "sad", "tired", "proud", "angry", "curious", "afraid", "surprised", "worried", "hungry"];

    public static readonly string[] Endings =
    [
        "That was the end of the day.", "They all went home together.", "Nobody forgot that day.", "And so the matter was settled.",
        "Then it grew dark, and everybody went to sleep.", "From then on they were friends.",
    ];
}
