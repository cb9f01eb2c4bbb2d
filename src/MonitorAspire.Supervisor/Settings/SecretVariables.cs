namespace MonitorAspire.Supervisor.Settings;

/// <summary>Hides the values of environment variables that look like secrets. A client that reads a definition, changes it and sends it
/// back sends the mask; the stored value is kept then.</summary>
internal static class SecretVariables
{
    internal const string Mask = "***";

    private static readonly string[] Words = ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "KEY", "CREDENTIAL", "CONNECTIONSTRING", "CONNECTION_STRING"];

    /// <summary>Whether a name contains SECRET, TOKEN, PASSWORD, PASSWD, KEY, CREDENTIAL or CONNECTIONSTRING, in upper or lower case.</summary>
    internal static bool IsSecret(string name) => Words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    internal static Dictionary<string, string?> Hide(IDictionary<string, string?> environment)
        => environment.ToDictionary(e => e.Key, e => IsSecret(e.Key) && !string.IsNullOrEmpty(e.Value) ? Mask : e.Value, StringComparer.Ordinal);

    /// <summary>Puts the stored values in the place of masks. Returns the names of masked variables without a stored value.</summary>
    internal static IReadOnlyList<string> Restore(IDictionary<string, string?> environment, IDictionary<string, string?>? stored)
    {
        var missing = new List<string>();
        foreach (var name in environment.Where(e => e.Value == Mask && IsSecret(e.Key)).Select(e => e.Key).ToList())
        {
            if (stored is not null && stored.TryGetValue(name, out var value))
            {
                environment[name] = value;
            }
            else
            {
                missing.Add(name);
            }
        }

        return missing;
    }
}
