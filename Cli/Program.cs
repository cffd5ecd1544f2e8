using System.CommandLine;
using PimSim.Cli;
using PimSim.Traces.Format.Documents;

const int BadInput = 2;
const int Bug = 70;
const int Interrupted = 130;

RootCommand root = new("PimSim: simulates language-model inference on processing-in-memory, GPUs and CPUs.")
{
    RunCommand.Create(),
    ListCommand.Create(),
    ShowCommand.Create(),
    ReportCommand.Create(),
    ValidateCommand.Create(),
    CalibrateCommand.Create(),
    ReproduceCommand.Create(),
    DramCommandLine.Create(),
    TraceCommandLine.Create(),
};

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
    {
        Console.Error.WriteLine(error.Message);
    }

    string command = parsed.CommandResult.Command == root ? "" : $"{parsed.CommandResult.Command.Name} ";
    Console.Error.WriteLine($"'pimsim {command}--help' lists what can be said.");
    return BadInput;
}

try
{
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (PimSimUserException fault)
{
    Console.Error.WriteLine(fault.Message);
    return BadInput;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("interrupted; nothing was written");
    return Interrupted;
}
catch (Exception fault)
{
    Console.Error.WriteLine($"This is a bug in PimSim. Please report it with the command and this text:{Environment.NewLine}{fault}");
    return Bug;
}
