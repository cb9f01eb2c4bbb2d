using System.Globalization;
using MonitorAspire.Simulation;
using MonitorAspire.Simulation.Scenarios;

const string Usage = """
    simulation run [--first SEED] [--count N] [--step N] [--failures N]   runs N seeds (default 1000, from seed 1, each one); --first 5 --step 6 are those with attached daemons
    simulation replay SEED [--faults 1,4,7|none]               runs one seed, or only some of its faults, and prints the trace
    simulation shrink SEED                                     drops faults as long as the seed still fails
    """;

try
{
    return args switch
    {
        ["run", ..] => Run(Number("--first", 1), (long)Number("--count", 1000), Number("--step", 1), (int)Number("--failures", 5)),
        ["replay", var seed, ..] => Replay(ulong.Parse(seed, CultureInfo.InvariantCulture)),
        ["shrink", var seed] => Shrink(ulong.Parse(seed, CultureInfo.InvariantCulture)),
        _ => Fail(Usage),
    };
}
catch (FormatException)
{
    return Fail(Usage);
}

int Run(ulong first, long count, ulong step, int failures)
{
    var result = Seeds.Run(first, count, TimeSpan.MaxValue, failures, step, Console.WriteLine, Describe);
    Console.WriteLine(result);
    return result.Failures.Count == 0 ? 0 : 1;
}

int Replay(ulong seed)
{
    var scenario = Scenario.From(seed);
    if (Option("--faults") is { } faults)
    {
        scenario = scenario.With(faults == "none" ? new HashSet<int>() : faults.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToHashSet());
    }

    var result = Simulation.Run(scenario, trace: true);
    foreach (var line in result.Trace)
    {
        Console.WriteLine(line);
    }

    Describe(result);
    return result.Violation is null ? 0 : 1;
}

int Shrink(ulong seed)
{
    var result = Simulation.Run(Scenario.From(seed));
    if (result.Violation is null)
    {
        Describe(result);
        return 0;
    }

    result = Shrinker.Shrink(result);
    foreach (var fault in result.Scenario.Faults)
    {
        Console.WriteLine(fault);
    }

    Describe(result);
    return 1;
}

static void Describe(SimulationResult result)
{
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"seed {result.Scenario.Seed}: {result.Scenario.Faults.Count} faults, {result.Steps} steps, {result.Simulated.TotalSeconds:0.###} simulated seconds, hash {result.Hash:x16}"));
    if (result.Violation is { } violation)
    {
        Console.WriteLine($"  {violation.Invariant} at {violation.At}: {violation.Detail}");
        Console.WriteLine($"  {Shrinker.Command(result)}");
    }
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 2;
}

ulong Number(string name, ulong otherwise) => Option(name) is { } value ? ulong.Parse(value, CultureInfo.InvariantCulture) : otherwise;

string? Option(string name) => Array.IndexOf(args, name) is var index and >= 0 && index + 1 < args.Length ? args[index + 1] : null;
