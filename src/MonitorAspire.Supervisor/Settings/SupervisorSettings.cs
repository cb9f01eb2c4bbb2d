using System.Globalization;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>What the supervisor itself was told, as opposed to its fleet.</summary>
internal sealed record SupervisorSettings
{
    internal const string UrlsKey = "urls";
    internal const string PortKey = "Supervisor:Port";
    internal const string HostKey = "Supervisor:Host";
    internal const string AllowedHostsKey = "Supervisor:AllowedHosts";
    internal const string AlertWebhookKey = "Supervisor:AlertWebhook";
    internal const string LauncherKey = "Supervisor:Launcher";
    internal const string LaunchIdKey = "Supervisor:LaunchId";
    internal const string PortVariable = "MONITOR_SUPERVISOR_PORT";
    internal const string HostVariable = "MONITOR_SUPERVISOR_HOST";
    internal const string ParentPidVariable = "MONITOR_PARENT_PID";

    /// <summary>Port of the interface where nothing says otherwise.</summary>
    internal const int DefaultPort = 8760;

    /// <summary>A request to the supervisor is a word or two.</summary>
    internal const int MaximumBodyBytes = 64 * 1024;

    /// <summary>Where the interface listens.</summary>
    internal required IReadOnlyList<ListenAddress> Addresses { get; init; }

    /// <summary>Absolute path of the state directory.</summary>
    internal required string StateDirectory { get; init; }

    /// <summary>Names in a request's Host header that are accepted besides the loopback's and the configured addresses'.</summary>
    internal IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>The process whose end is ours too.</summary>
    internal int? ParentPid { get; init; }

    /// <summary>Whether whoever launches the attached daemons talks to us; otherwise they are watched, and that is all.</summary>
    internal bool HasLauncher { get; init; }

    /// <summary>Id of the one launcher whose daemons count; <see langword="null"/> where anybody's will do.</summary>
    internal string? LaunchId { get; init; }

    /// <summary>Where alerts are posted to, or <see langword="null"/>.</summary>
    internal Uri? AlertWebhook { get; init; }

    /// <summary>Reads them.</summary>
    /// <exception cref="ConfigurationException">Something is wrong; the message names the key and the value.</exception>
    internal static SupervisorSettings Read(IConfiguration configuration, MonitorsOptions monitors)
    {
        try
        {
            return ReadValues(configuration, monitors);
        }
        catch (ConfigurationException e)
        {
            throw new ConfigurationException(ConfigurationOrigin.Locate(configuration, e.Message));
        }
    }

    /// <summary>What others have otherwise and cannot be changed while the supervisor runs, each with the value that stays.</summary>
    internal IEnumerable<string> FixedDifferences(SupervisorSettings changed)
    {
        if (!Addresses.SequenceEqual(changed.Addresses))
        {
            yield return $"{PortKey}, {HostKey} or {UrlsKey} ({string.Join(" and ", Addresses)} stays)";
        }

        if (StateDirectory != changed.StateDirectory)
        {
            yield return $"{MonitorsOptions.Section}:StateDirectory ({StateDirectory} stays)";
        }

        if (!AllowedHosts.SequenceEqual(changed.AllowedHosts))
        {
            yield return $"{AllowedHostsKey} ({(AllowedHosts.Count == 0 ? "none" : string.Join(", ", AllowedHosts))} stays)";
        }
    }

    private static SupervisorSettings ReadValues(IConfiguration configuration, MonitorsOptions monitors)
    {
        var directory = monitors.StateDirectory;
        string stateDirectory;
        try
        {
            stateDirectory = Supervision.Files.StateDirectory.Resolve(directory);
        }
        catch (Exception e) when (e is ArgumentException or IOException or NotSupportedException)
        {
            throw new ConfigurationException($"{MonitorsOptions.Section}:StateDirectory: '{directory}' is not a path: {e.Message}");
        }

        return new SupervisorSettings
        {
            Addresses = ReadAddresses(configuration),
            StateDirectory = stateDirectory,
            AllowedHosts = (configuration[AllowedHostsKey] ?? "").Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            AlertWebhook = ReadWebhook(configuration),
            HasLauncher = Flag(configuration, LauncherKey),
            LaunchId = NullIfBlank(configuration[LaunchIdKey]),
            ParentPid = Number(configuration, ParentPidVariable, 1, int.MaxValue),
        };
    }

    private static Uri? ReadWebhook(IConfiguration configuration) => NullIfBlank(configuration[AlertWebhookKey]) switch
    {
        null => null,
        { } text when Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" => url,
        { } text => throw new ConfigurationException($"{AlertWebhookKey}: '{text}' is not an address like https://example.org/alerts"),
    };

    private static List<ListenAddress> ReadAddresses(IConfiguration configuration)
    {
        var port = Number(configuration, PortKey, 1, 65535) ?? Number(configuration, PortVariable, 1, 65535);
        var host = NullIfBlank(configuration[HostKey]) ?? NullIfBlank(configuration[HostVariable]);
        if (host is not null && host is not ("*" or "+") && Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            throw new ConfigurationException($"{HostKey}: '{host}' is not a host name or address");
        }

        var urls = configuration[UrlsKey]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (urls.Length == 0 || (port is not null && host is not null))
        {
            return [new ListenAddress(host ?? "127.0.0.1", port ?? DefaultPort)];
        }

        return [.. urls.Select(Parse).Select(a => new ListenAddress(host ?? a.Host, port ?? a.Port)).Distinct()];
    }

    private static ListenAddress Parse(string url)
    {
        // BindingAddress understands what Uri does not: http://*:8760 and http://+:8760.
        try
        {
            var address = BindingAddress.Parse(url);
            if (address is { Scheme: "http", IsUnixPipe: false, IsNamedPipe: false, PathBase: "" or "/", Port: >= 1 and <= 65535 })
            {
                return new ListenAddress(address.Host.Trim('[', ']'), address.Port);
            }
        }
        catch (FormatException)
        {
            // To be told below.
        }

        throw new ConfigurationException($"{UrlsKey}: '{url}' is not an address like http://127.0.0.1:{DefaultPort} (http only, no path)");
    }

    private static int? Number(IConfiguration configuration, string key, int minimum, int maximum) => NullIfBlank(configuration[key]) switch
    {
        null => null,
        { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum => value,
        { } text => throw new ConfigurationException($"{key}: '{text}' is not a number from {minimum} to {maximum}"),
    };

    private static bool Flag(IConfiguration configuration, string key) => NullIfBlank(configuration[key]) switch
    {
        null => false,
        { } text when bool.TryParse(text, out var value) => value,
        { } text => throw new ConfigurationException($"{key}: '{text}' is not true or false"),
    };

    private static string? NullIfBlank(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}

/// <summary>One address of the interface.</summary>
/// <param name="Host">Host name or address, without brackets.</param>
/// <param name="Port">The port.</param>
internal readonly record struct ListenAddress(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"http://[{Host}]:{Port}" : $"http://{Host}:{Port}";
}
