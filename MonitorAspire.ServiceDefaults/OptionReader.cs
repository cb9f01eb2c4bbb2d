namespace MonitorAspire.ServiceDefaults;

/// <summary>
/// Reads <c>--option value</c> and <c>--option=value</c>. The framework's own reader ignores a misspelt option; here it is an error.
/// A command line library would take a tenth of a daemon's whole start.
/// </summary>
public static class OptionReader
{
    /// <summary>Reads the arguments up to the first request for help or for the version.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="isOption">Whether a name, as in <c>--port</c>, is an option with a value.</param>
    /// <returns>Values by name. <c>--help</c> and <c>--version</c> have an empty value; <c>-h</c> and <c>-?</c> are <c>--help</c>.</returns>
    /// <exception cref="FormatException">An argument is no option, an option has no value, or it is given twice.</exception>
    public static IReadOnlyDictionary<string, string> Read(IReadOnlyList<string> arguments, Func<string, bool> isOption)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(isOption);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument is "--help" or "-h" or "-?" or "--version")
            {
                values[argument == "--version" ? argument : "--help"] = "";
                break;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var option = equals < 0 ? argument : argument[..equals];
            if (!isOption(option))
            {
                throw new FormatException($"'{argument}' is not an option (see --help)");
            }

            var value = equals >= 0 ? argument[(equals + 1)..]
                : ++i < arguments.Count ? arguments[i]
                : throw new FormatException($"{option} needs a value");
            if (!values.TryAdd(option, value))
            {
                throw new FormatException($"{option} is given twice");
            }
        }

        return values;
    }
}
