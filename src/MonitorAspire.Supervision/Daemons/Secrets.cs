using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// Hides the secrets of one daemon in what leaves the engine: values of variables whose names look like secrets or that the definition marks,
/// and arguments that carry such a value, are called like one, or are a URL with a password.
/// </summary>
internal sealed partial class Secrets
{
    /// <summary>Stands for a hidden value. A client that changes a definition sends it back, and the stored value is kept.</summary>
    internal const string Mask = "***";

    // A shorter value may be an ordinary word. It is hidden where it is a value, but not where it stands in a text.
    private const int ShortestInText = 6;

    private static readonly string[] Words = ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "KEY", "CREDENTIAL", "CONNECTIONSTRING", "CONNECTION_STRING"];

    /// <summary>So many values of the same environment files are remembered.</summary>
    private const int MostRemembered = 64;

    private static readonly ConditionalWeakTable<DaemonSpec, Secrets> OfSpecs = [];

    // An environment file may have changed. The daemon still has the values of its start, and its log quotes them.
    private static readonly ConcurrentDictionary<string, string[]> Remembered = new(StringComparer.Ordinal);

    private readonly HashSet<string> _marked;
    private readonly string[] _inText;

    private Secrets(IEnumerable<string> marked, IEnumerable<KeyValuePair<string, string?>> environment, IEnumerable<string> arguments)
    {
        _marked = new HashSet<string>(marked, StringComparer.OrdinalIgnoreCase);

        // A marked variable may also come from the environment of the launcher.
        var variables = environment.Concat(_marked.Select(name => KeyValuePair.Create(name, Environment.GetEnvironmentVariable(name))));
        var values = variables
            .Where(v => IsSecret(v.Key) && !string.IsNullOrEmpty(v.Value))
            .Where(v => _marked.Contains(v.Key) || v.Value!.Length >= ShortestInText)
            .Select(v => v.Value!)
            .Concat(SecretsIn([.. arguments]).Where(v => v.Length >= ShortestInText));

        _inText = Ordered(values);
    }

    private Secrets(Secrets now, IEnumerable<string> values) => (_marked, _inText) = (now._marked, Ordered(values));

    // A value that contains another one is hidden as a whole.
    private static string[] Ordered(IEnumerable<string> values) => [.. values.Distinct(StringComparer.Ordinal).OrderByDescending(v => v.Length)];

    /// <summary>
    /// The secrets of a specification, which does not change, so they are found once. Environment files may change: they are read each time, and
    /// values that this program has read from them before stay hidden.
    /// </summary>
    internal static Secrets Of(DaemonSpec spec)
    {
        if (spec.EnvironmentFiles.Count == 0)
        {
            return OfSpecs.GetValue(spec, static s => new(s.SecretEnvironment, s.Environment, s.Arguments));
        }

        var now = new Secrets(spec.SecretEnvironment, spec.Environment.Concat(EnvironmentFile.TryReadAll(spec)), spec.Arguments);
        var key = string.Join('\0', spec.EnvironmentFiles.Prepend(Path.GetFullPath(spec.WorkingDirectory ?? ".")));
        return new(now, Remembered.AddOrUpdate(
            key,
            static (_, values) => values,
            static (_, before, values) => values.All(before.Contains) ? before : [.. values.Concat(before).Distinct(StringComparer.Ordinal).Take(MostRemembered)],
            now._inText));
    }

    internal static Secrets Of(DaemonDefinition definition) => new(definition.SecretEnvironment, definition.Environment, definition.Arguments);

    /// <summary>Whether a name contains SECRET, TOKEN, PASSWORD, PASSWD, KEY, CREDENTIAL or CONNECTIONSTRING, in upper or lower case; with <c>-</c> as with <c>_</c>.</summary>
    internal static bool LooksSecret(string name)
    {
        var written = name.Replace('-', '_');
        return Words.Any(word => written.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether the value of a variable is a secret.</summary>
    internal bool IsSecret(string name) => LooksSecret(name) || _marked.Contains(name);

    /// <summary>The variables with the mask in the place of secrets.</summary>
    internal Dictionary<string, string?> HideIn(IDictionary<string, string?> environment)
        => environment.ToDictionary(e => e.Key, e => IsSecret(e.Key) && !string.IsNullOrEmpty(e.Value) ? Mask : e.Value, StringComparer.Ordinal);

    /// <summary>Text without the values of secrets.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    internal string? HideIn(string? text) => text is null ? null : _inText.Aggregate(text, static (shown, value) => shown.Replace(value, Mask, StringComparison.Ordinal));

    /// <summary>Lines without the values of secrets.</summary>
    internal IReadOnlyList<string> HideIn(IReadOnlyList<string> lines) => _inText.Length == 0 ? lines : [.. lines.Select(l => HideIn(l))];

    /// <summary>Arguments without secrets, whatever says that they are.</summary>
    internal IReadOnlyList<string> HideInArguments(IReadOnlyList<string> arguments) => HideByName([.. arguments.Select(a => HideIn(a))]);

    /// <summary>
    /// Arguments without what looks like a secret: the value of <c>--api-key VALUE</c>, <c>--token=VALUE</c> and <c>PASSWORD=VALUE</c>, and the
    /// password in <c>scheme://user:password@host</c>.
    /// </summary>
    internal static IReadOnlyList<string> HideByName(IReadOnlyList<string> arguments) =>
        [.. arguments.Select((argument, i) => SecretPart(arguments, i) is { Length: > 0 } part
            ? string.Concat(argument.AsSpan(0, part.Start), Mask, argument.AsSpan(part.Start + part.Length))
            : argument)];

    /// <summary>
    /// Puts the stored values in the place of masks that a client has sent back. Returns the keys of masks without a stored value, as in
    /// <c>environment.TOKEN</c>.
    /// </summary>
    internal static IReadOnlyList<string> Restore(DaemonDefinition sent, DaemonDefinition? stored)
    {
        var missing = new List<string>();
        foreach (var name in sent.Environment.Where(e => e.Value == Mask).Select(e => e.Key).ToList())
        {
            if (stored is not null && Of(stored).IsSecret(name) && stored.Environment.TryGetValue(name, out var value))
            {
                sent.Environment[name] = value;
            }
            else if (Of(sent).IsSecret(name))
            {
                missing.Add($"environment.{name}");
            }
        }

        RestoreArguments(sent.Arguments, stored, missing);
        return missing;
    }

    private static void RestoreArguments(IList<string> sent, DaemonDefinition? stored, List<string> missing)
    {
        IReadOnlyList<string> values = stored is null ? [] : [.. stored.Arguments];
        var hidden = stored is null ? [] : Of(stored).HideInArguments(values);
        var masked = sent.ToArray();
        for (var i = 0; i < masked.Length; i++)
        {
            if (masked[i]?.Contains(Mask, StringComparison.Ordinal) != true)
            {
                continue;
            }

            // At the same place, or elsewhere: others may have been added or removed.
            var place = IsAt(i, i) ? i : Enumerable.Range(0, hidden.Count).FirstOrDefault(j => IsAt(i, j), -1);
            if (place >= 0)
            {
                sent[i] = values[place];
            }
            else if (SecretPart(masked, i) is { Length: > 0 })
            {
                missing.Add($"arguments.{i}");
            }
        }

        // A mask alone says nothing about whose value it is; the argument in front of it does.
        bool IsAt(int i, int j) => j < hidden.Count && hidden[j] == masked[i] && (masked[i] != Mask || (i > 0 && j > 0 && hidden[j - 1] == masked[i - 1]));
    }

    private static IEnumerable<string> SecretsIn(IReadOnlyList<string> arguments) =>
        arguments.Select((argument, i) => SecretPart(arguments, i) is { Length: > 0 } part ? argument.Substring(part.Start, part.Length) : "").Where(v => v.Length > 0);

    private static (int Start, int Length) SecretPart(IReadOnlyList<string> arguments, int index)
    {
        var argument = arguments[index];
        if (argument is null)
        {
            return default;
        }

        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0 && IsName(argument.AsSpan(0, equals)) && LooksSecret(argument[..equals]))
        {
            return (equals + 1, argument.Length - equals - 1);
        }

        if (index > 0 && arguments[index - 1] is { } before && before.StartsWith("--", StringComparison.Ordinal) && !before.Contains('=', StringComparison.Ordinal)
            && LooksSecret(before) && !argument.StartsWith('-'))
        {
            return (0, argument.Length);
        }

        return UserPassword().Match(argument) is { Success: true } match ? (match.Groups[1].Index, match.Groups[1].Length) : default;
    }

    private static bool IsName(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':'))
            {
                return false;
            }
        }

        return true;
    }

    // One character of the scheme is enough. To look for all of it takes a time that grows with the square of the text.
    [GeneratedRegex(@"[A-Za-z0-9+.-]://[^/\s:@]*:([^/\s@]+)@")]
    private static partial Regex UserPassword();
}
