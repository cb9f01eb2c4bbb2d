namespace MonitorAspire.Supervision.Daemons;

/// <summary>Limits of a daemon's log. It has setters because it is bound from configuration, and is not changed after that.</summary>
public sealed record LogPolicy
{
    private const long MostBytes = 1L << 40;

    /// <summary>Size in bytes at which the log is rotated: its content becomes a part, <c>….log.1</c>. 64 KiB to 1 TiB. Default 10 MiB.</summary>
    public long PartBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>Number of parts that are kept; <c>….log.1</c> is the newest. 0 to 1000; with 0, what is rotated is deleted. Default 3.</summary>
    public int Parts { get; set; } = 3;

    /// <summary>
    /// Size in bytes of the log and its parts together, on the disk. A rotation deletes the oldest parts until it is kept to; the newest part stays
    /// in any case. <see cref="PartBytes"/> to 1 PiB. Default <see cref="PartBytes"/> times one more than <see cref="Parts"/>.
    /// </summary>
    public long? TotalBytes { get; set; }

    /// <summary>Whether parts are compressed with gzip. The newest part never is: followers and tails read it. Default false.</summary>
    public bool Compress { get; set; }

    /// <summary><see cref="TotalBytes"/>, or its default.</summary>
    internal long EffectiveTotalBytes => TotalBytes ?? PartBytes * (Parts + 1L);

    /// <summary>The first error, starting with the key, or <see langword="null"/>.</summary>
    public string? Validate() =>
        PolicyRange.Outside(nameof(PartBytes), PartBytes, 64 * 1024, MostBytes)
        ?? PolicyRange.Outside(nameof(Parts), Parts, 0, 1000)
        ?? (TotalBytes is { } total ? PolicyRange.Outside(nameof(TotalBytes), total, PartBytes, MostBytes * 1024) : null);
}
