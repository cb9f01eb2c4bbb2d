using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Diagnosis;

/// <summary>The diagnosis of real daemons.</summary>
public sealed class DaemonDiagnosisTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    private Doctor Doctor => new(new EngineOptions { StateDirectory = _fixture.StateDirectory });

    private Task<DaemonDiagnosis> DiagnoseAsync(DaemonSpec spec, DaemonState state, int? pid = null) => Doctor.DiagnoseAsync(
        new DaemonSnapshot { Name = spec.Name, Host = spec.Host, Port = spec.Port, State = state, Pid = pid }, CancellationToken.None);

    [Fact]
    public async Task Diagnose_RunningDaemon_ProvesItAndHidesItsArguments()
    {
        var spec = _fixture.Faulty("--password", "hunter2");
        var report = await _fixture.StartAsync(spec);
        Assert.True(report.Serves, report.Detail);

        var diagnosis = await DiagnoseAsync(spec, DaemonState.Running, report.Pid);

        Assert.Equal((report.Pid, "lock", InspectionVerdict.Running), (diagnosis.Inspection!.Pid, diagnosis.Inspection.IdentityProof, diagnosis.Inspection.Verdict));
        Assert.Equal(report.Pid, Assert.Single(diagnosis.Inspection.Listeners).Pid);
        Assert.Equal([EngineFixture.FaultDaemon], diagnosis.Inspection.Command);
        Assert.Equal(["pid-file ok", "lock held", "record ok", "log ok"], diagnosis.Files.Select(f => $"{f.Kind} {f.State}"));
        Assert.Empty(diagnosis.Findings);
        Assert.DoesNotContain("hunter2", DaemonDiagnosisMarkdown.Render(diagnosis), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diagnose_PortOfAnotherProcess_NamesTheOwnerInTheNextStep()
    {
        var spec = new DaemonSpec { Name = "foreign-port", Port = FreePort.Next() };
        using var foreign = new ForeignServer(spec.Port, IPAddress.Loopback);

        var diagnosis = await DiagnoseAsync(spec, DaemonState.Foreign);

        Assert.Equal(InspectionVerdict.Foreign, diagnosis.Inspection!.Verdict);
        Assert.Contains($"PID {Environment.ProcessId}", diagnosis.NextStep, StringComparison.Ordinal);
        Assert.Contains(diagnosis.Findings, f => f is { Id: "port-foreign", Severity: FindingSeverity.Error });
        Assert.All(diagnosis.Files, f => Assert.Equal(("missing", null), (f.State, f.Bytes)));
    }

    [Fact]
    public async Task Diagnose_HostThatCannotBeResolved_IsAFinding()
    {
        CreateStateDirectory();
        var spec = new DaemonSpec { Name = "unknown-host", Host = "no-such-host.invalid", Port = FreePort.Next() };

        var diagnosis = await DiagnoseAsync(spec, DaemonState.Failed);

        Assert.Null(diagnosis.Inspection);
        Assert.Equal("host-unknown", Assert.Single(diagnosis.Findings).Id);
        Assert.Contains("| Seen from outside | it could not be inspected; see what the doctor found |", DaemonDiagnosisMarkdown.Render(diagnosis), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExaminePort_OtherPortsHaveProblems_ReportsOnlyItsOwn()
    {
        CreateStateDirectory();
        var (mine, other) = (FreePort.Next(), FreePort.Next());
        File.WriteAllText(_fixture.Files(mine).PidFile, "");
        File.WriteAllText(_fixture.Files(other).PidFile, "no number");

        var report = await Doctor.ExaminePortAsync(mine, fix: true, CancellationToken.None);

        Assert.All(report.Findings, f => Assert.Contains($"-{mine}.", f.File, StringComparison.Ordinal));
        Assert.Contains(report.Findings, f => f is { Id: "pid-file-empty", Result.Done: true });
        Assert.Equal("no number", File.ReadAllText(_fixture.Files(other).PidFile));
        Assert.Equal(mine, Assert.Single(report.Daemons).Port);
    }

    private void CreateStateDirectory() => Supervision.Files.StateDirectory.Create(_fixture.StateDirectory);
}
