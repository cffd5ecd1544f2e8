using System.Globalization;
using System.Security.Cryptography;
using PimSim.Experiments.Files;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Requests;
using PimSim.Workloads.Requests;

namespace PimSim.Experiments.Serving;

/// <summary>Reads the <c>requests</c> of a serving experiment: when they arrive, how long they are, how many.</summary>
internal sealed class RequestsReader
{
    private const int MostTokens = 1 << 20;
    private const long MostRequests = 1_000_000_000;
    private const double NanosecondsPerPicosecond = 1e-3;

    private static readonly string[] ArrivalWords = ["poisson", "gamma", "constant", "recorded", "at-once", "closed-loop"];

    private readonly ExperimentFile _file;
    private IRequestSource? _trace;
    private string _traceName = "";

    public RequestsReader(ExperimentFile file) => _file = file;

    /// <summary>Requests by their load.</summary>
    public Func<double?, IRequestSource> Requests { get; private set; } = _ => throw new InvalidOperationException("not read yet");

    /// <summary>Loads to run.</summary>
    public IReadOnlyList<double?> Loads { get; private set; } = [null];

    /// <summary>Users of a closed loop.</summary>
    public (int Users, Picoseconds Think)? ClosedLoop { get; private set; }

    /// <summary>How the requests fared in a real system, where they come from a record of one.</summary>
    public IReadOnlyList<MeasuredRequest>? Measured => (_trace as MeasuredRequestSource)?.Measured;

    /// <summary>Seed.</summary>
    public ulong Seed { get; private set; }

    /// <summary>All in words.</summary>
    public string Words { get; private set; } = "";

    /// <summary>Reads the section. Faults go to its problem list.</summary>
    public void Read(DataNode node)
    {
        Seed = (ulong)node.Optional("seed").Integer(0, long.MaxValue, 0);
        DataNode count = node.Optional("count");
        long? most = count.Exists ? count.Integer(1, MostRequests, 1) : null;
        DataNode durationNode = node.Optional("duration");
        long? duration = durationNode.Exists ? Math.Max(1, (long)((double)durationNode.Quantity(Dimension.Time) * NanosecondsPerPicosecond)) : null;
        ReadTrace(node.Optional("trace"));
        string arrivals = node.Required("arrivals").Word(ArrivalWords, "poisson");
        DataNode variation = node.Optional("variation");
        double coefficient = (double)variation.Quantity(Dimension.Ratio);
        RequireOnlyFor(variation, arrivals, "gamma");
        ReadLoads(node, arrivals);
        ReadClosedLoop(node, arrivals);
        (IRequestLengths lengths, string lengthWords) = ReadLengths(node);
        PrefixSharing? sharing = ReadSharing(node.Optional("sharedPrompts"));
        node.RejectUnknownKeys();
        if (arrivals == "recorded" && _trace is null)
        {
            node.Required("arrivals").Report("recorded arrivals need a 'trace'");
        }

        string end = most is { } number ? $", {number} requests" : duration is { } span ? string.Create(CultureInfo.InvariantCulture, $", {span * 1e-9:0.###} s") : "";
        Words = $"{arrivals} arrivals{(_traceName.Length > 0 ? $", {_traceName}" : "")}, {lengthWords}{end}, seed {Seed}";
        Requests = load => new RequestStream(ArrivalsOf(arrivals, load, coefficient), lengths, Seed, most, duration, sharing);
        if (node.Problems.Problems.Count == 0)
        {
            Try(node, () => Requests(Loads[0]));
        }
    }

    private IArrivals ArrivalsOf(string word, double? load, double coefficient) => word switch
    {
        "poisson" => RandomArrivals.Poisson(load!.Value),
        "gamma" => RandomArrivals.Gamma(load!.Value, coefficient),
        "constant" => new ConstantArrivals(load!.Value),
        "recorded" => new RecordedArrivals(_trace ?? throw new PimSimUserException("recorded arrivals need a 'trace'"), load),
        _ => new SimultaneousArrivals(),
    };

    private void ReadTrace(DataNode node)
    {
        if (!node.Exists)
        {
            return;
        }

        string path = _file.Beside(node.Text());
        try
        {
            ImportedTrace imported = TraceImport.Open(path);
            _trace = imported is ImportedBenchmark benchmark ? new MeasuredRequestSource(path, benchmark.Requests) : imported as IRequestSource;
            if (_trace is null)
            {
                node.Report($"'{node.Text()}' holds no requests; azure, burstgpt and mooncake traces and records of vLLM do");
                return;
            }

            _traceName = node.Text();
            using FileStream stream = File.OpenRead(path);
            _file.Inputs.Add("requests", Convert.ToHexStringLower(SHA256.HashData(stream)));
        }
        catch (PimSimUserException fault)
        {
            node.Report(fault.Message);
        }
    }

    private void ReadLoads(DataNode node, string arrivals)
    {
        DataNode loads = node.Optional("load");
        bool needed = arrivals is "poisson" or "gamma" or "constant";
        if (!loads.Exists)
        {
            if (needed)
            {
                node.Report($"'load' is missing: requests a second of {arrivals} arrivals, one number or a list");
                Loads = [1];
            }

            return;
        }

        if (!needed && arrivals != "recorded")
        {
            loads.Report($"does not go with {arrivals} arrivals, which have no rate");
        }

        List<double?> read = [];
        foreach (DataNode item in loads.IsList ? loads.Items() : [loads])
        {
            double rate = (double)item.Quantity(Dimension.Ratio);
            Try(item, () => new ConstantArrivals(rate));
            read.Add(rate);
        }

        if (read.Distinct().Count() < read.Count)
        {
            loads.Report("a load is listed twice");
        }

        Loads = read.Count > 0 ? read : [1];
    }

    private void ReadClosedLoop(DataNode node, string arrivals)
    {
        DataNode users = node.Optional("users");
        DataNode think = node.Optional("think");
        RequireOnlyFor(users, arrivals, "closed-loop");
        RequireOnlyFor(think, arrivals, "closed-loop");
        if (arrivals == "closed-loop")
        {
            int count = (int)node.Required("users").Integer(1, 1_000_000, 1);
            ClosedLoop = (count, new Picoseconds((long)think.Quantity(Dimension.Time, 0)));
        }
    }

    private (IRequestLengths Lengths, string Words) ReadLengths(DataNode node)
    {
        DataNode lengths = node.Required("lengths");
        if (!lengths.IsMapping)
        {
            string word = lengths.Word(["recorded", "drawn"], "recorded");
            if (_trace is null)
            {
                if (lengths.Exists)
                {
                    lengths.Report($"{word} lengths need a 'trace'; without one give 'input' and 'output'");
                }

                return (new IndependentLengths(UniformTokens.Fixed(1), UniformTokens.Fixed(1)), "");
            }

            IRequestLengths? read = word == "recorded" ? new RecordedLengths(_trace) : Try(lengths, () => new EmpiricalLengths(_trace));
            return (read ?? new IndependentLengths(UniformTokens.Fixed(1), UniformTokens.Fixed(1)), $"{word} lengths");
        }

        (ITokenCounts input, string inputWords) = ReadTokens(lengths.Required("input"));
        (ITokenCounts output, string outputWords) = ReadTokens(lengths.Required("output"));
        lengths.RejectUnknownKeys();
        return (new IndependentLengths(input, output), $"prompts of {inputWords}, outputs of {outputWords} tokens");
    }

    private static (ITokenCounts Counts, string Words) ReadTokens(DataNode node)
    {
        if (!node.IsMapping)
        {
            int tokens = (int)node.Integer(1, MostTokens, 1);
            return (UniformTokens.Fixed(tokens), tokens.ToString(CultureInfo.InvariantCulture));
        }

        int least = (int)node.Optional("least").Integer(1, MostTokens, 1);
        int most = (int)node.Required("most").Integer(1, MostTokens, Math.Max(1, least));
        DataNode median = node.Optional("median");
        DataNode theta = node.Optional("theta");
        DataNode sigma = median.Exists ? node.Required("sigma") : node.Optional("sigma");
        ITokenCounts? counts = Try<ITokenCounts>(node, () =>
            median.Exists ? new LogNormalTokens((double)median.Quantity(Dimension.Ratio), (double)sigma.Quantity(Dimension.Ratio), least, most)
            : theta.Exists ? new ZipfTokens(least, most, (double)theta.Quantity(Dimension.Ratio))
            : new UniformTokens(least, most));
        if (!median.Exists && sigma.Exists)
        {
            sigma.Report("goes with 'median': a log-normal length");
        }

        string words = median.Exists ? $"log-normal {median.RawText} ({sigma.RawText})" : theta.Exists ? $"Zipf {theta.RawText}" : "uniform";
        node.RejectUnknownKeys();
        return (counts ?? UniformTokens.Fixed(1), string.Create(CultureInfo.InvariantCulture, $"{words}, {least} to {most}"));
    }

    private static PrefixSharing? ReadSharing(DataNode node)
    {
        if (!node.Exists)
        {
            return null;
        }

        int prompts = (int)node.Required("count").Integer(1, 1_000_000, 1);
        int tokens = (int)node.Required("tokens").Integer(1, MostTokens, 1);
        int block = (int)node.Optional("blockTokens").Integer(1, MostTokens, 16);
        node.RejectUnknownKeys();
        return Try(node, () => new PrefixSharing(prompts, tokens, block));
    }

    private static void RequireOnlyFor(DataNode node, string arrivals, string word)
    {
        if (node.Exists && arrivals != word)
        {
            node.Report($"goes with {word} arrivals only");
        }
    }

    private static T? Try<T>(DataNode node, Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (PimSimUserException fault)
        {
            node.Report(fault.Message);
            return null;
        }
    }
}
