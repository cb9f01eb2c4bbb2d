using System.Diagnostics;
using System.Globalization;
using System.Text;
using CsCheck;

namespace MonitorAspire.Fuzzing.Tests;

/// <summary>
/// Gives every parser its samples, and changed samples. MONITOR_FUZZ_ITERATIONS is the number of changed samples for each parser, default
/// 100; expensive parsers get fewer. A failure has the bytes in it, and CsCheck's seed, which repeats it (CsCheck_Seed).
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly long Iterations =
        long.TryParse(Environment.GetEnvironmentVariable("MONITOR_FUZZ_ITERATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 100;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Keys];

    public static TheoryData<string, string> Samples()
    {
        var samples = new TheoryData<string, string>();
        foreach (var (name, target) in FuzzTarget.All)
        {
            foreach (var file in target.SampleFiles())
            {
                samples.Add(name, Path.GetFileName(file));
            }
        }

        return samples;
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Sample_OfTheCorpus_KeepsTheContract(string target, string sample) =>
        FuzzTarget.All[target].Check(File.ReadAllBytes(FuzzTarget.All[target].SampleFiles().Single(file => Path.GetFileName(file) == sample)));

    [Theory]
    [MemberData(nameof(Targets))]
    public void ChangedSample_KeepsTheContract(string target)
    {
        var fuzzed = FuzzTarget.All[target];
        var (iterations, began) = (Iterations / fuzzed.Cost, Stopwatch.GetTimestamp());
        Mutation.Of(fuzzed.Samples()).Sample(fuzzed.Check, iter: iterations, threads: 1, print: Shown);
        output.WriteLine($"{iterations} in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
    }

    private static string Shown(byte[] bytes)
    {
        var shown = bytes.AsSpan(0, Math.Min(bytes.Length, 4000));
        return $"{bytes.Length} bytes, Base64 {Convert.ToBase64String(shown)}\n{Encoding.UTF8.GetString(shown)}";
    }
}
