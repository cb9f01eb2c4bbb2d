using System.CommandLine;
using MonitorAspire.Cli.CommandLine;

namespace MonitorAspire.Cli.Logs;

/// <summary>The options for the limits of a daemon's log.</summary>
internal sealed class LogOptions
{
    private static readonly LogPolicy Defaults = new();

    private readonly Option<long?> _size = ByteSizeOption.Create("--log-size", "Size at which the log is rotated. [default: 10M]");
    private readonly Option<int> _parts = CliOptions.Number("--log-parts", "N", "How many rotated parts are kept.", 0, 1000, Defaults.Parts);
    private readonly Option<long?> _total = ByteSizeOption.Create("--log-total", "Size of log and parts together; the oldest parts are deleted. [default: one part more than are kept]");
    private readonly Option<bool> _compress = new("--log-compress") { Description = "Compress all parts but the newest with gzip." };

    internal void AddTo(Command command)
    {
        command.Add(_size);
        command.Add(_parts);
        command.Add(_total);
        command.Add(_compress);
    }

    internal LogPolicy In(ParseResult parsed) => new()
    {
        PartBytes = parsed.GetValue(_size) ?? Defaults.PartBytes,
        Parts = parsed.GetValue(_parts),
        TotalBytes = parsed.GetValue(_total),
        Compress = parsed.GetValue(_compress),
    };
}
