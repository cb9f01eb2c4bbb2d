using System.Globalization;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.AppHost.Standalone;

/// <summary>
/// Held for the whole life of an AppHost, so that a second one with the same supervisor port says so at once instead of
/// fighting over ports. The kernel frees it on every kind of death. The file stays: to delete it would be a race.
/// </summary>
internal sealed class AppHostLock : IDisposable
{
    private readonly FileStream _stream;
    private readonly string _pidFile;

    private AppHostLock(FileStream stream, string pidFile)
    {
        _stream = stream;
        _pidFile = pidFile;
    }

    /// <summary>Takes the lock.</summary>
    /// <param name="directory">The AppHost's own directory; made when it is not there.</param>
    /// <param name="holder">PID of the AppHost that holds it, where the lock is held and the PID can be read.</param>
    /// <returns>The lock, or <see langword="null"/> where another AppHost holds it.</returns>
    /// <exception cref="UnauthorizedAccessException">This user may not write there, or the file is a symbolic link.</exception>
    /// <exception cref="IOException">The file system refuses.</exception>
    public static AppHostLock? TryTake(string directory, out int? holder)
    {
        holder = null;
        StateDirectory.Create(directory);
        var path = Path.Combine(directory, "apphost.lock");

        // Beside the lock and not in it: what is locked cannot be read by the one who wants to know.
        var pidFile = Path.Combine(directory, "apphost.pid");
        FileStream stream;
        try
        {
            stream = Open(path);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
        {
            holder = ReadHolder(pidFile);
            return null;
        }

        using var pid = Open(pidFile);
        pid.SetLength(0);
        pid.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        return new AppHostLock(stream, pidFile);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        File.Delete(_pidFile);
        _stream.Dispose();
    }

    private static FileStream Open(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new UnauthorizedAccessException($"{path} is a symbolic link; it is not followed");
        }

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static int? ReadHolder(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
