using System.Globalization;

namespace MonitorAspire.ProcessBenchmarks.Measuring;

/// <summary>One life of the tiny daemon: its PID, and when it was started and ready, in nanoseconds of <see cref="Clock"/>.</summary>
internal readonly record struct TinyInstance(int Pid, long Started, long Ready);

/// <summary>A daemon that writes down itself when it is ready. See <c>Native/tiny.c</c>.</summary>
internal sealed record TinyDaemon(int Index, int Port, int DelayMs, string Tiny, string ReadyFile)
{
    public string Name => $"d{Index}";

    public IReadOnlyList<string> Command => [Tiny, "serve", Text(Port), Text(DelayMs), ReadyFile];

    /// <summary>All lives so far, the latest last.</summary>
    public IReadOnlyList<TinyInstance> Instances()
    {
        if (!File.Exists(ReadyFile))
        {
            return [];
        }

        var instances = new List<TinyInstance>();
        foreach (var line in File.ReadLines(ReadyFile))
        {
            var words = line.Split(' ');
            instances.Add(new TinyInstance((int)Number(words[0]), Number(words[1]), Number(words[2])));
        }

        return instances;
    }

    /// <summary>The latest life. A daemon that was said to run before it was ready is waited for.</summary>
    public TinyInstance WaitForInstance(int number, TimeSpan timeout)
    {
        for (var end = Clock.Now + (long)timeout.TotalNanoseconds; Clock.Now < end; Thread.Sleep(2))
        {
            if (Instances() is var instances && instances.Count >= number)
            {
                return instances[number - 1];
            }
        }

        throw new TimeoutException($"daemon {Name} was not ready for the {number}. time within {timeout.TotalSeconds} s");
    }

    /// <summary>How many requests this instance has answered.</summary>
    public long CountRequests() => Number(Http.Send(Port, "GET", "/count").Trim());

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
