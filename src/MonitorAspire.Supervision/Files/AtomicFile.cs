namespace MonitorAspire.Supervision.Files;

/// <summary>Writes a small file so that every reader sees the old content or the new one, never a part and never nothing.</summary>
internal static class AtomicFile
{
    /// <summary>Every temporary file of ours ends like this, so that one left by a crash can be recognised.</summary>
    internal const string TemporarySuffix = ".tmp";

    /// <summary>Writes a temporary file beside the target, mode 0600, and renames it over the target. A link there is replaced, not followed.</summary>
    /// <exception cref="IOException">The file system refuses; nothing is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> content)
    {
        using var pending = PendingFile.Write(path, content);
        pending.Commit();
    }

    /// <summary>Deletes a file; false when it could not be.</summary>
    internal static bool TryDelete(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
