using System.Globalization;

namespace MonitorAspire.Cli;

/// <summary>Where a person can reach a daemon.</summary>
internal static class DaemonUrl
{
    /// <summary>Base URL; a wildcard is reached on the loopback.</summary>
    internal static string Of(string host, int port)
    {
        var reachable = host is "*" or "+" or "0.0.0.0" ? "127.0.0.1" : host is "::" or "[::]" ? "::1" : host;
        var bracketed = reachable.Contains(':', StringComparison.Ordinal) && !reachable.StartsWith('[') ? $"[{reachable}]" : reachable;
        return string.Create(CultureInfo.InvariantCulture, $"http://{bracketed}:{port}");
    }
}
