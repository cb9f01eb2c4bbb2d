using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Settings of the supervisor itself, as opposed to those of its fleet.</summary>
internal sealed record SupervisorSettings
{
    internal const string ProgramName = OwnProgram.Supervisor;
    internal const string UrlsKey = "urls";
    internal const string PortKey = "Supervisor:Port";
    internal const string HostKey = "Supervisor:Host";
    internal const string AllowedHostsKey = "Supervisor:AllowedHosts";
    internal const string AlertWebhookKey = "Supervisor:AlertWebhook";
    internal const string LauncherKey = "Supervisor:Launcher";
    internal const string LaunchIdKey = "Supervisor:LaunchId";
    internal const string TokenKey = "Supervisor:Token";
    internal const string TokenVariable = "Supervisor__Token";
    internal const string TemporaryKey = "Supervisor:Temporary";
    internal const string ConfigFileKey = "Supervisor:ConfigFile";
    internal const string PortVariable = "MONITOR_SUPERVISOR_PORT";
    internal const string HostVariable = "MONITOR_SUPERVISOR_HOST";
    internal const string ParentPidVariable = "MONITOR_PARENT_PID";

    internal const int DefaultPort = 8760;

    internal const int MaximumBodyBytes = 64 * 1024;

    internal required IReadOnlyList<ListenAddress> Addresses { get; init; }

    internal required string StateDirectory { get; init; }

    /// <summary>The files of the supervisor itself.</summary>
    internal SupervisorFiles Files => new(IsTemporary ? SupervisorFiles.TemporaryDirectory(StateDirectory) : StateDirectory, Addresses[0].Port);

    /// <summary>The port is one that the system selected for this run. The supervisor deletes its own files when it ends. Default false.</summary>
    internal bool IsTemporary { get; init; }

    /// <summary>The token of the REST API. Default: the one in the file, or a new one.</summary>
    internal string? Token { get; init; }

    /// <summary>Names that are accepted in the Host header, in addition to the loopback's and the configured addresses.</summary>
    internal IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>The supervisor stops when this process ends. Default none.</summary>
    internal int? ParentPid { get; init; }

    /// <summary>Whether the program that launches the attached daemons connects to the supervisor. Without it they are only watched.</summary>
    internal bool HasLauncher { get; init; }

    /// <summary>Id of the launcher whose daemons are accepted. Default: those of every launcher.</summary>
    internal string? LaunchId { get; init; }

    /// <summary>The fleet's name in the records of its daemons: REST port and configuration file. Default none: without a file it has no name.</summary>
    internal string? FleetName { get; init; }

    /// <summary>URL that alerts are posted to. Default none.</summary>
    internal Uri? AlertWebhook { get; init; }

    internal static bool IsToken(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigit);

    /// <exception cref="ConfigurationException">A value is wrong; the message has the key and the value.</exception>
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

    /// <summary>Settings that differ and cannot be changed while the supervisor runs, each with the value that remains.</summary>
    internal IEnumerable<string> FixedDifferences(SupervisorSettings changed)
    {
        if (!Addresses.SequenceEqual(changed.Addresses))
        {
            yield return $"{PortKey}, {HostKey} or {UrlsKey} ({string.Join(" and ", Addresses)} remains)";
        }

        if (StateDirectory != changed.StateDirectory)
        {
            yield return $"{MonitorsOptions.Section}:StateDirectory ({StateDirectory} remains)";
        }

        if (!AllowedHosts.SequenceEqual(changed.AllowedHosts))
        {
            yield return $"{AllowedHostsKey} ({(AllowedHosts.Count == 0 ? "none" : string.Join(", ", AllowedHosts))} remains)";
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

        var addresses = ReadAddresses(configuration);
        return new SupervisorSettings
        {
            Addresses = addresses,
            FleetName = configuration[ConfigFileKey] is { } file ? string.Create(CultureInfo.InvariantCulture, $"{addresses[0].Port} {file}") : null,
            StateDirectory = stateDirectory,
            AllowedHosts = (configuration[AllowedHostsKey] ?? "").Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            AlertWebhook = ReadWebhook(configuration),
            HasLauncher = Flag(configuration, LauncherKey),
            LaunchId = NullIfBlank(configuration[LaunchIdKey]),
            IsTemporary = Flag(configuration, TemporaryKey),
            Token = ReadToken(configuration),
            ParentPid = Number(configuration, ParentPidVariable, 1, int.MaxValue),
        };
    }

    // The value is a secret and is not in the message.
    private static string? ReadToken(IConfiguration configuration) => NullIfBlank(configuration[TokenKey]) switch
    {
        null => null,
        { } text when IsToken(text) => text,
        _ => throw new ConfigurationException($"{TokenKey}: the value is not 64 hexadecimal digits"),
    };

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
        // Unlike Uri, BindingAddress accepts http://*:8760 and http://+:8760.
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
            // Reported below.
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

/// <summary>An address of the REST API. The host has no brackets.</summary>
internal readonly record struct ListenAddress(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"http://[{Host}]:{Port}" : $"http://{Host}:{Port}";
}
