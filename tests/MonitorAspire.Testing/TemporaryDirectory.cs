namespace MonitorAspire.Testing;

/// <summary>A directory for one test, which is removed afterwards.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Creates the directory.</summary>
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("monitor-aspire-test-").FullName;

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>A path in it.</summary>
    /// <param name="name">File name.</param>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <inheritdoc />
    public void Dispose()
    {
        // A process that Aspire has killed may write its last file meanwhile.
        for (var began = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                return; // the test has removed it
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(began) < Wait.Generous)
            {
                Thread.Yield();
            }
        }
    }
}
