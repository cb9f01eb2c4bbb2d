namespace MonitorAspire.AppHost.Standalone.Output;

/// <summary>
/// Where a person reads what happens: lines that stay and, on a terminal, one last line that is written over. In a pipe or a
/// file there is no such line and no escape sequence.
/// </summary>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error, for what went wrong.</param>
/// <param name="live">Whether standard output is a terminal.</param>
internal sealed class Screen(TextWriter output, TextWriter error, bool live)
{
    private readonly Lock _gate = new();
    private bool _statusShown;

    /// <summary>A screen on the process's own output.</summary>
    public static Screen For(TextWriter output, TextWriter error) => new(output, error, live: !Console.IsOutputRedirected);

    /// <summary>Writes lines that stay.</summary>
    /// <param name="text">One or more lines.</param>
    public void Say(string text)
    {
        lock (_gate)
        {
            ClearStatus();
            output.WriteLine(text);
            output.Flush();
        }
    }

    /// <summary>Writes lines about something that went wrong.</summary>
    /// <param name="text">One or more lines.</param>
    public void Complain(string text)
    {
        lock (_gate)
        {
            ClearStatus();
            error.WriteLine(text);
            error.Flush();
        }
    }

    /// <summary>Says what is being done right now; the next call, or the next line, takes its place.</summary>
    /// <param name="text">A short line, or empty for none.</param>
    public void Status(string text)
    {
        if (!live)
        {
            return;
        }

        lock (_gate)
        {
            ClearStatus();
            if (text.Length > 0)
            {
                // Cut to the width: a line that wraps could not be written over.
                var width = Math.Max(20, Width() - 1);
                output.Write(text.Length > width ? text[..width] : text);
                output.Flush();
                _statusShown = true;
            }
        }
    }

    private void ClearStatus()
    {
        if (_statusShown)
        {
            output.Write("\r\u001b[K");
            _statusShown = false;
        }
    }

    private static int Width()
    {
        try
        {
            // A terminal that was never given a size says 0.
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }
}
