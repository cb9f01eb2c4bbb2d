using System.Text.Json;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// The definition that the last start from the command line asked for. It survives stop, crash and reboot, so that a restart starts the same
/// program. It has the environment that was given, so only this user may read it, and no other user may have written it.
/// </summary>
internal static class DefinitionFile
{
    // A command line can be long (ARG_MAX is 2 MiB on Linux). A larger file is no definition of ours.
    private const int MaximumLength = 4 * 1024 * 1024;

    /// <summary>Reads the definition of a port; <see langword="null"/> where none is stored.</summary>
    /// <exception cref="UntrustedStateException">Other users can change the file, or this user may not read it.</exception>
    /// <exception cref="DefinitionFileException">The file is no valid definition of this port.</exception>
    internal static DaemonDefinition? Read(DaemonFiles files)
    {
        var path = files.DefinitionFile;
        DaemonDefinition? definition;
        try
        {
            if (NoFollowFile.OpenTrusted(path) is not { } handle)
            {
                return null;
            }

            using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            definition = stream.CanSeek && stream.Length <= MaximumLength
                ? JsonSerializer.Deserialize(stream, DefinitionJson.Default.DaemonDefinition)
                : throw Wrong(files, "it is no regular file, or too large");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (NoFollowException e) when (!Errno.IsNoDescriptor(e.Error))
        {
            throw Errno.IsPermission(e.Error) ? new UntrustedStateException(e.Message) : Wrong(files, e.Message);
        }
        catch (Exception e) when ((e is IOException or UnauthorizedAccessException) && Directory.Exists(path))
        {
            throw Wrong(files, "it is a directory");
        }
        catch (JsonException e)
        {
            // The message of the exception may quote the file.
            throw Wrong(files, $"line {e.LineNumber + 1}, key '{FleetTopology.Shown(e.Path ?? "")}' cannot be read");
        }

        if (definition is null || definition.Port != files.Port)
        {
            throw Wrong(files, $"it is not about port {files.Port}");
        }

        return FleetTopology.Validate(DefinitionMapper.ToSpec(definition)) is { } error ? throw Wrong(files, error) : definition;
    }

    /// <summary>The same for commands that only show or stop a daemon: a definition that cannot be used does not count.</summary>
    internal static DaemonDefinition? TryRead(DaemonFiles files)
    {
        try
        {
            return Read(files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Renames what is in the place of a definition and cannot be used, so that another definition can be stored and nothing is lost. Says so in
    /// one sentence; <see langword="null"/> where nothing is in the way.
    /// </summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    internal static string? SetAside(DaemonFiles files)
    {
        try
        {
            _ = Read(files);
            return null;
        }
        catch (DefinitionFileException e)
        {
            var aside = Enumerable.Range(1, int.MaxValue).Select(number => $"{files.DefinitionFile}.broken-{number}").First(path => !Path.Exists(path));
            if (Directory.Exists(files.DefinitionFile)) // also a link to one, which is moved itself
            {
                Directory.Move(files.DefinitionFile, aside);
            }
            else
            {
                File.Move(files.DefinitionFile, aside);
            }

            return $"the stored definition could not be used ({e.Problem}); it was replaced, and is kept as {aside}";
        }
        catch (UntrustedStateException)
        {
            // The start has checked that no other user can change it. It is not for this user to read, but this user's directory.
            return null;
        }
    }

    /// <summary>Stores a definition, mode 0600. What is stored already is not written again.</summary>
    internal static void Write(DaemonFiles files, DaemonDefinition definition)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(definition, DefinitionJson.Default.DaemonDefinition);
        if (TryRead(files) is { } stored && content.AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(stored, DefinitionJson.Default.DaemonDefinition)))
        {
            return;
        }

        using var pending = PendingFile.Write(files.DefinitionFile, content, toDisk: true);
        pending.Commit();
    }

    private static DefinitionFileException Wrong(DaemonFiles files, string problem) => new(files, problem);
}

/// <summary>A stored definition cannot be used. It is never replaced by another one in silence.</summary>
internal sealed class DefinitionFileException(DaemonFiles files, string problem)
    : IOException($"{files.DefinitionFile}: {problem}; correct it, or remove it with 'monitor forget --port {files.Port}'")
{
    /// <summary>What is wrong with it.</summary>
    internal string Problem { get; } = $"{Path.GetFileName(files.DefinitionFile)}: {problem}";
}
