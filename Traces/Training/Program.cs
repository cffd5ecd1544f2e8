using System.CommandLine;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Training;

const int BadInput = 2;
const int Bug = 70;

RootCommand root = new("Trains the model that ships with PimSim.") { TrainCommand.Create(), TextCommand.Create(), SpeedCommand.Create() };
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync(error.Message);
    }

    return BadInput;
}

try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (PimSimUserException fault)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return BadInput;
}
catch (Exception fault)
{
    await Console.Error.WriteLineAsync($"This is a bug in PimSim. Please report it with the command and this text:{Environment.NewLine}{fault}");
    return Bug;
}
