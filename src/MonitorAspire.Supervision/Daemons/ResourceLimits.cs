using System.Globalization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// Resource limits of a daemon's processes, as <c>ulimit</c> sets them. Each is <c>LIMIT</c> or <c>SOFT:HARD</c>: whole numbers, or
/// <c>infinity</c>. What is not set is inherited. It has setters because it is bound from configuration, and is not changed after that.
/// </summary>
public sealed record ResourceLimits
{
    /// <summary>Open descriptors (<c>ulimit -n</c>). Default: inherited.</summary>
    public string? NoFile { get; set; }

    /// <summary>Processes and threads of the user (<c>ulimit -u</c>). It does not hold for root. Default: inherited.</summary>
    public string? NProc { get; set; }

    /// <summary>Size of a core dump in bytes (<c>ulimit -c</c>); 0 writes none. Default: inherited.</summary>
    public string? Core { get; set; }

    /// <summary>Address space of a process in bytes (<c>ulimit -v</c>). Default: inherited.</summary>
    public string? AddressSpace { get; set; }

    /// <summary>Size of a file that it writes in bytes (<c>ulimit -f</c>). Its log counts too. Default: inherited.</summary>
    public string? FileSize { get; set; }

    /// <summary>Locked memory in bytes (<c>ulimit -l</c>). Default: inherited.</summary>
    public string? LockedMemory { get; set; }

    /// <summary>Stack of a thread in bytes (<c>ulimit -s</c>). Default: inherited.</summary>
    public string? Stack { get; set; }

    /// <summary>Processor time of a process in seconds (<c>ulimit -t</c>). Default: inherited.</summary>
    public string? Cpu { get; set; }

    /// <summary>Those that are set: the key, the name that prlimit(1) has for it, the number that the kernel of Linux has for it, and the value.</summary>
    internal IEnumerable<(string Key, string Option, int Resource, string Value)> Given()
    {
        (string Key, string Option, int Resource, string? Value)[] all =
        [
            (nameof(NoFile), "nofile", 7, NoFile),
            (nameof(NProc), "nproc", 6, NProc),
            (nameof(Core), "core", 4, Core),
            (nameof(AddressSpace), "as", 9, AddressSpace),
            (nameof(FileSize), "fsize", 1, FileSize),
            (nameof(LockedMemory), "memlock", 8, LockedMemory),
            (nameof(Stack), "stack", 3, Stack),
            (nameof(Cpu), "cpu", 0, Cpu),
        ];
        return all.Where(l => l.Value is not null).Select(l => (l.Key, l.Option, l.Resource, l.Value!));
    }

    /// <summary>Soft and hard limit of a value. <see cref="ulong.MaxValue"/> is none.</summary>
    internal static bool TryParse(string value, out ulong soft, out ulong hard)
    {
        hard = 0;
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? TryParseOne(value, out soft) && TryParseOne(value, out hard)
            : TryParseOne(value[..colon], out soft) && TryParseOne(value[(colon + 1)..], out hard) && soft <= hard;
    }

    /// <summary>The first error, starting with the key, or <see langword="null"/>.</summary>
    internal string? Validate() => Given().Where(l => !TryParse(l.Value, out _, out _))
        .Select(l => $"{l.Key}: '{FleetTopology.Shown(l.Value)}' is not a limit (like 1024, 1024:4096 or infinity; the soft limit is not above the hard one)")
        .FirstOrDefault();

    private static bool TryParseOne(string text, out ulong limit)
    {
        limit = ulong.MaxValue;
        return text == "infinity" || (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit < long.MaxValue);
    }
}
