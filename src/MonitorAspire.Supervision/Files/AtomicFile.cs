namespace MonitorAspire.Supervision.Files;

/// <summary>Writes a small file so that a reader sees either the old content or the new content, never a part of it.</summary>
internal static class AtomicFile
{
    /// <summary>End of the name of our temporary files. The doctor finds those that a crash left by it.</summary>
    internal const string TemporarySuffix = ".tmp";

    /// <summary>Writes a temporary file beside the target, mode 0600, and renames it over the target. A link there is replaced, not followed.</summary>
    internal static void Write(string path, byte[] content)
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
