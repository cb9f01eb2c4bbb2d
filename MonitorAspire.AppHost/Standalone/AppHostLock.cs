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

    private AppHostLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock.</summary>
    /// <param name="directory">The AppHost's own directory; made when it is not there.</param>
    /// <param name="holder">PID of the AppHost that holds it, where the lock is held and the PID can be read.</param>
    /// <returns>The lock, or <see langword="null"/> where another AppHost holds it.</returns>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    /// <exception cref="IOException">The file system refuses, or the lock file is a symbolic link.</exception>
    public static AppHostLock? TryTake(string directory, out int? holder)
    {
        holder = null;
        StateDirectory.Create(directory);
        var path = Path.Combine(directory, "apphost.lock");
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new IOException($"{path} is a symbolic link; it is not followed");
        }

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        FileStream stream;
        try
        {
            stream = new FileStream(path, options);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
        {
            holder = ReadHolder(path);
            return null;
        }

        stream.SetLength(0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        stream.Flush();
        return new AppHostLock(stream);
    }

    /// <inheritdoc />
    public void Dispose() => _stream.Dispose();

    private static int? ReadHolder(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            return int.TryParse(reader.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
