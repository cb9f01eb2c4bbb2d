using System.Text;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Files of variables, one <c>NAME=VALUE</c> a line, as docker, systemd and the dotenv libraries read them.</summary>
internal static class EnvironmentFile
{
    private const int MostBytes = 1024 * 1024;

    /// <summary>The path of an entry of <see cref="DaemonDefinition.EnvironmentFiles"/>.</summary>
    internal static string PathOf(string entry) => entry.StartsWith('-') ? entry[1..] : entry;

    /// <summary>The same entry, whose file may be missing.</summary>
    internal static string Optional(string entry) => $"-{PathOf(entry)}";

    /// <summary>The absolute path of an entry, and whether its file may be missing.</summary>
    internal static (string Path, bool IsOptional) Resolve(string entry, string workingDirectory) =>
        (Path.GetFullPath(PathOf(entry), workingDirectory), entry.StartsWith('-'));

    /// <summary>The variables of all files that can be read, for what only hides their values.</summary>
    internal static IEnumerable<KeyValuePair<string, string?>> TryReadAll(DaemonSpec spec)
    {
        foreach (var entry in spec.EnvironmentFiles)
        {
            IReadOnlyList<KeyValuePair<string, string?>> read;
            try
            {
                read = Read(Resolve(entry, Path.GetFullPath(spec.WorkingDirectory ?? ".")).Path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                continue;
            }

            foreach (var variable in read)
            {
                yield return variable;
            }
        }
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">A line is wrong. The message has its number, and never its value.</exception>
    /// <exception cref="IOException">It does not exist.</exception>
    internal static IReadOnlyList<KeyValuePair<string, string?>> Read(string path)
    {
        // A FIFO has the length 0 and is not opened: that would wait for its writer.
        if (new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path).Length == 0)
        {
            return [];
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        if (length > MostBytes)
        {
            throw new FormatException("is larger than 1 MiB");
        }

        var bytes = new byte[length];
        var count = RandomAccess.Read(file, bytes, 0);
        return Parse(Encoding.UTF8.GetString(bytes.AsSpan(0, count)));
    }

    internal static IReadOnlyList<KeyValuePair<string, string?>> Parse(string text) => new Reader(text.TrimStart('\uFEFF')).Run();

    private sealed class Reader(string text)
    {
        private int _at;
        private int _line = 1;

        private char Current => _at < text.Length ? text[_at] : '\n';

        private bool IsAtEnd => Current == '\n' || (Current == '\r' && (_at + 1 == text.Length || text[_at + 1] == '\n'));

        internal List<KeyValuePair<string, string?>> Run()
        {
            var found = new List<KeyValuePair<string, string?>>();
            while (_at < text.Length)
            {
                SkipBlanks();
                if (!IsAtEnd && Current != '#')
                {
                    found.Add(Variable());
                }

                SkipLine();
            }

            return found;
        }

        private KeyValuePair<string, string?> Variable()
        {
            var name = Name();
            if (name == "export" && Current is ' ' or '\t')
            {
                SkipBlanks();
                name = Name();
            }

            SkipBlanks();
            if (name.Length == 0 || Current != '=')
            {
                throw Wrong(name.Length == 0 ? "there is no name of a variable" : "there is no '=' after the name");
            }

            _at++;
            SkipBlanks();
            var value = Current switch { '\'' => Literal(), '"' => Escaped(), _ => Plain() };
            return value.Contains('\0', StringComparison.Ordinal) ? throw Wrong($"the value of {name} has a NUL character in it") : new(name, value);
        }

        private string Name()
        {
            var start = _at;
            while (char.IsAsciiLetterOrDigit(Current) || Current is '_' or '.' or '-')
            {
                _at++;
            }

            return start < _at && char.IsAsciiDigit(text[start]) ? throw Wrong("a name begins with a digit") : text[start.._at];
        }

        // A '#' begins a comment only after white space: 'color=#fff' has none.
        private string Plain()
        {
            var start = _at;
            while (!IsAtEnd && !(Current == '#' && _at > 0 && text[_at - 1] is ' ' or '\t'))
            {
                _at++;
            }

            return text[start.._at].TrimEnd(' ', '\t');
        }

        private string Literal()
        {
            var end = text.IndexOf('\'', _at + 1);
            if (end < 0)
            {
                throw Wrong("the quote has no end");
            }

            var value = text[(_at + 1)..end];
            _line += value.Count(c => c == '\n');
            _at = end + 1;
            RequireEnd();
            return value;
        }

        private string Escaped()
        {
            var value = new StringBuilder();
            var first = _line;
            for (_at++; ; _at++)
            {
                if (_at >= text.Length)
                {
                    throw Wrong("the quote has no end", first);
                }

                if (text[_at] == '"')
                {
                    break;
                }

                _line += text[_at] == '\n' ? 1 : 0;
                if (text[_at] == '\\' && _at + 1 < text.Length && "nrt\"\\$".Contains(text[_at + 1], StringComparison.Ordinal))
                {
                    _at++;
                    value.Append(text[_at] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var same => same });
                }
                else
                {
                    value.Append(text[_at]);
                }
            }

            _at++;
            RequireEnd();
            return value.ToString();
        }

        private void RequireEnd()
        {
            SkipBlanks();
            if (!IsAtEnd && Current != '#')
            {
                throw Wrong("there is text after the closing quote");
            }
        }

        private void SkipBlanks()
        {
            while (Current is ' ' or '\t')
            {
                _at++;
            }
        }

        private void SkipLine()
        {
            while (Current != '\n')
            {
                _at++;
            }

            (_at, _line) = (_at + 1, _line + 1);
        }

        private FormatException Wrong(string what, int? line = null) => new($"line {line ?? _line}: {what}");
    }
}
