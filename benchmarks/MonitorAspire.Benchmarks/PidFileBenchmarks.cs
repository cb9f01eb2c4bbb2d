using BenchmarkDotNet.Attributes;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Benchmarks;

/// <summary>Reads and writes a PID file.</summary>
public class PidFileBenchmarks
{
    private string _directory = "";
    private string _file = "";

    [GlobalSetup]
    public void Create()
    {
        _directory = Directory.CreateTempSubdirectory("monitor-aspire-bench-").FullName;
        _file = Path.Combine(_directory, "monitor-daemon-8768.pid");
        Write();
    }

    [GlobalCleanup]
    public void Remove() => Directory.Delete(_directory, recursive: true);

    [Benchmark]
    public int Read() => PidFile.Read(_file).Pid;

    [Benchmark]
    public void Write() => PidFile.Write(_file, 4_194_304);
}
