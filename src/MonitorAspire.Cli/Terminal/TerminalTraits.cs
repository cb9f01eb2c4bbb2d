namespace MonitorAspire.Cli.Terminal;

/// <summary>The abilities of a standard stream.</summary>
/// <param name="IsTerminal">A person looks at it.</param>
/// <param name="Colour">Colours are wanted.</param>
/// <param name="Redraw">The cursor can be moved.</param>
internal readonly record struct TerminalTraits(bool IsTerminal, bool Colour, bool Redraw)
{
    internal static TerminalTraits Of(bool isRedirected)
    {
        if (isRedirected)
        {
            return default;
        }

        var term = Environment.GetEnvironmentVariable("TERM");
        var dumb = term == "dumb" || (term is null && !OperatingSystem.IsWindows());
        var noColour = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new TerminalTraits(IsTerminal: true, Colour: !dumb && !noColour, Redraw: !dumb);
    }
}
