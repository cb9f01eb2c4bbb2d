namespace MonitorAspire.Cli.Terminal;

/// <summary>The meaning of a piece of text. It decides the colour.</summary>
internal enum Tone
{
    Plain,
    Good,
    Warning,
    Bad,
    Dim,
    Strong,
}

/// <summary>Colours by meaning. Only the sixteen basic colours, which every terminal theme makes readable.</summary>
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
