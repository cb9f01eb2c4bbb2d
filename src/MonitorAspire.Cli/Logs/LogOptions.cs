using System.CommandLine;
using MonitorAspire.Cli.CommandLine;

namespace MonitorAspire.Cli.Logs;

/// <summary>The options for the limits of a daemon's log.</summary>
internal sealed class LogOptions
{
    private readonly Option<long?> _size = ByteSizeOption.Create("--log-size", "Size at which the log is rotated. [default: 10M]");
    private readonly Option<int> _parts = CliOptions.Number("--log-parts", "N", "How many rotated parts are kept.", 0, 1000, new LogPolicy().Parts);
    private readonly Option<long?> _total = ByteSizeOption.Create("--log-total", "Size of log and parts together; the oldest parts are deleted. [default: one part more than are kept]");
    private readonly Option<bool> _compress = new("--log-compress") { Description = "Compress all parts but the newest with gzip." };

    internal void AddTo(Command command)
    {
        command.Add(_size);
        command.Add(_parts);
        command.Add(_total);
        command.Add(_compress);
    }

    /// <summary>The specification with the limits that the command line gives; the others stay as they are.</summary>
    internal DaemonSpec Over(DaemonSpec spec, ParseResult parsed) => spec with
    {
        Log = new LogPolicy
        {
            PartBytes = parsed.GetValue(_size) ?? spec.Log.PartBytes,
            Parts = parsed.GetResult(_parts) is { Implicit: false } ? parsed.GetValue(_parts) : spec.Log.Parts,
            TotalBytes = parsed.GetValue(_total) ?? spec.Log.TotalBytes,
            Compress = parsed.GetResult(_compress) is { Implicit: false } ? parsed.GetValue(_compress) : spec.Log.Compress,
        },
    };
}
