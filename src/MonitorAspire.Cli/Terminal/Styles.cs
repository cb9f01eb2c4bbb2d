namespace MonitorAspire.Cli.Terminal;

/// <summary>What a piece of text means; the colour follows from it.</summary>
internal enum Tone
{
    Plain,
    Good,
    Warning,
    Bad,
    Dim,
    Strong,
}

/// <summary>Colours by meaning, in the sixteen that every terminal theme has made readable.</summary>
internal static class Styles
{
    internal static string Apply(string text, Tone tone, bool colour)
    {
        if (!colour || tone == Tone.Plain || text.Length == 0)
        {
            return text;
        }

        var code = tone switch
        {
            Tone.Good => "32",
            Tone.Warning => "33",
            Tone.Bad => "31",
            Tone.Dim => "2",
            _ => "1",
        };
        return $"\e[{code}m{text}\e[0m";
    }
}
