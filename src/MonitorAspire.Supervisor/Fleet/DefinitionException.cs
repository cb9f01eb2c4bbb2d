namespace MonitorAspire.Supervisor.Fleet;

/// <summary>A definition is invalid: the keys, and what is wrong with each.</summary>
internal sealed class DefinitionException(IReadOnlyDictionary<string, string[]> errors)
    : Exception(string.Join("; ", errors.Select(e => e.Key.Length == 0 ? string.Join("; ", e.Value) : $"{e.Key}: {string.Join("; ", e.Value)}")))
{
    internal DefinitionException(string key, string message)
        : this(new Dictionary<string, string[]> { [key] = [message] })
    {
    }

    internal IReadOnlyDictionary<string, string[]> Errors { get; } = errors;
}
