using System.Globalization;

namespace MonitorAspire.ProcessBenchmarks;

/// <summary>The command line of the harness.</summary>
internal sealed record Options
{
    public const string Help = """
        Measures whole processes: MonitorAspire, other supervisors, and "bare" (spawn, and probe every 0.1 ms: the lower limit).

          --only PARTS        start,fleet,kill,idle,builtin,cli,soak (default: all)
          --targets TARGETS   bare,ours-jit,ours-aot,s6,supervisord,runit,monit,pm2 (default: all that are installed)
          --sizes N,N         daemons of fleet and idle (default 50,200)
          --delays MS,MS      when the daemon of the part start is ready (default 5,50,1000,20000)
          --rounds N          samples of each figure; a fleet takes a quarter of them (default 20)
          --seconds N         the time that idle is measured for (default 30)
          --soak-seconds N    the time of the soak (default 60)
          --publish           publish ours for the chosen targets first, to artifacts/benchmarks/jit and aot
          --note TEXT         goes into the report, as in "busy machine"
          --output DIR        where results.json and results.md go (default artifacts/benchmarks)
          --plot FILE         only draws the plots of a results.json ...
          --images DIR        ... into this directory (default docs/images)
        """;

    public IReadOnlyList<string> Parts { get; private init; } = ["start", "fleet", "kill", "idle", "builtin", "cli", "soak"];

    public IReadOnlyList<string>? Targets { get; private init; }

    public IReadOnlyList<int> Sizes { get; private init; } = [50, 200];

    public IReadOnlyList<int> Delays { get; private init; } = [5, 50, 1000, 20_000];

    public int Rounds { get; private init; } = 20;

    public int IdleSeconds { get; private init; } = 30;

    public int SoakSeconds { get; private init; } = 60;

    public bool Publish { get; private init; }

    public string Note { get; private init; } = "";

    public string Output { get; private init; } = Repository.Artifacts;

    public string? Plot { get; private init; }

    public string Images { get; private init; } = Path.Combine(Repository.Root, "docs", "images");

    /// <exception cref="FormatException">An option is unknown, or its value is missing or wrong.</exception>
    public static Options Read(IReadOnlyList<string> arguments)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Count; i++)
        {
            var option = arguments[i];
            options = option switch
            {
                "--only" => options with { Parts = Known(Words(), new Options().Parts) },
                "--targets" => options with { Targets = Known(Words(), Target.Names) },
                "--sizes" => options with { Sizes = Numbers() },
                "--delays" => options with { Delays = Numbers() },
                "--rounds" => options with { Rounds = Number(Value()) },
                "--seconds" => options with { IdleSeconds = Number(Value()) },
                "--soak-seconds" => options with { SoakSeconds = Number(Value()) },
                "--publish" => options with { Publish = true },
                "--note" => options with { Note = Value() },
                "--output" => options with { Output = Path.GetFullPath(Value()) },
                "--plot" => options with { Plot = Path.GetFullPath(Value()) },
                "--images" => options with { Images = Path.GetFullPath(Value()) },
                _ => throw new FormatException($"unknown option {option}"),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{option} needs a value");

            string[] Words() => Value().Split(',', StringSplitOptions.RemoveEmptyEntries);

            int[] Numbers() => [.. Words().Select(Number)];
        }

        return options;
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
        ? number
        : throw new FormatException($"{text} is not a number above 0");

    private static string[] Known(string[] words, IReadOnlyList<string> known) => words.FirstOrDefault(word => !known.Contains(word)) is { } unknown
        ? throw new FormatException($"{unknown} is none of {string.Join(", ", known)}")
        : words;
}
