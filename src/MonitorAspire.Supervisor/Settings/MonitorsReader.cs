using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Reads the section <c>Monitors</c>, and says what is wrong with it in one line.</summary>
internal static class MonitorsReader
{
    /// <summary>The section as options.</summary>
    /// <exception cref="ConfigurationException">A value is not of its type; the message names key and value.</exception>
    internal static MonitorsOptions Read(IConfiguration configuration)
    {
        var options = new MonitorsOptions();
        try
        {
            configuration.GetSection(MonitorsOptions.Section).Bind(options);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException(Explain(e, configuration));
        }

        return options;
    }

    /// <summary>The daemons that the section declares.</summary>
    /// <exception cref="ConfigurationException">They do not go together.</exception>
    internal static IReadOnlyList<DaemonSpec> Resolve(MonitorsOptions options)
    {
        var specs = FleetTopology.Resolve(options, out var errors);
        return errors.Count == 0 ? specs : throw new ConfigurationException(string.Join("; ", errors));
    }

    // "Failed to convert configuration value 'abc' at 'Monitors:Count' to type 'System.Int32'." The key is what helps.
    private static string Explain(InvalidOperationException exception, IConfiguration configuration)
    {
        foreach (var key in exception.Message.Split('\''))
        {
            if (key.StartsWith(MonitorsOptions.Section, StringComparison.OrdinalIgnoreCase) && configuration[key] is { } value)
            {
                return $"{key}: '{value}' is not {Expected(exception.Message)}";
            }
        }

        return exception.Message;
    }

    private static string Expected(string message) => message switch
    {
        _ when message.Contains("Int32", StringComparison.Ordinal) => "a whole number",
        _ when message.Contains("Boolean", StringComparison.Ordinal) => "true or false",
        _ when message.Contains("TimeSpan", StringComparison.Ordinal) => "a time like 00:00:30",
        _ when message.Contains("LaunchMode", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<LaunchMode>())}",
        _ => "a value that this key can have",
    };
}
