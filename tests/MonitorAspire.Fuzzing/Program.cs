using MonitorAspire.Fuzzing;
using SharpFuzz;

// afl-fuzz starts this program and sends it the input.
if (args is not [var name] || !FuzzTarget.All.TryGetValue(name, out var target))
{
    Console.Error.WriteLine($"usage: afl-fuzz … dotnet MonitorAspire.Fuzzing.dll TARGET, with one of {string.Join(", ", FuzzTarget.All.Keys)}");
    return 2;
}

Fuzzer.OutOfProcess.Run(stream =>
{
    using var input = new MemoryStream();
    stream.CopyTo(input);
    target.Check(input.ToArray());
});
return 0;
