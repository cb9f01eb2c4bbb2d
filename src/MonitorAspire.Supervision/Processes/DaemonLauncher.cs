using System.Collections;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Processes;

/// <summary>What is to be executed, with nothing left to look up or fill in.</summary>
internal sealed record LaunchPlan(string Executable, IReadOnlyList<string> Arguments, Dictionary<string, string> Environment, string? WorkingDirectory);

/// <summary>Turns a specification into a process.</summary>
internal static class DaemonLauncher
{
    /// <summary>Name of the built-in daemon's executable.</summary>
    internal const string BuiltInDaemon = "monitor-aspire-daemon";

    /// <summary>The variable that tells a daemon which descriptor its lock is.</summary>
    internal const string LockDescriptorVariable = "MONITOR_LOCK_FD";

    /// <summary>Looks up the executable and fills in the arguments; on failure says why.</summary>
    internal static LaunchPlan? Plan(DaemonSpec spec, DaemonFiles files, EngineOptions options, string instanceId, out (StartupReason Reason, string Detail) failure)
    {
        failure = default;
        var environment = BuildEnvironment(spec, files, options, instanceId);
        var directory = spec.WorkingDirectory is null ? Directory.GetCurrentDirectory() : Path.GetFullPath(spec.WorkingDirectory);
        if (!Directory.Exists(directory))
        {
            failure = (StartupReason.InvalidConfiguration, $"the working directory {directory} does not exist");
            return null;
        }

        var command = spec.Command ?? options.BuiltInDaemonPath ?? Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? BuiltInDaemon + ".exe" : BuiltInDaemon);
        var executable = ExecutableLookup.Find(command, environment.GetValueOrDefault("PATH"), directory, out var why);
        if (executable is null)
        {
            failure = why == ExecutableLookup.Failure.NotExecutable
                ? (StartupReason.PermissionDenied, $"'{command}' is there but may not be executed")
                : (StartupReason.CommandNotFound, spec.Command is null
                    ? $"the built-in daemon was not found at {command}"
                    : $"there is no command '{command}'{(command.Contains('/', StringComparison.Ordinal) ? "" : " on the PATH")}");
            return null;
        }

        IReadOnlyList<string> arguments = spec.Command is null
            ? ["--port", Number(spec.Port), "--host", spec.Host, "--state-dir", files.StateDirectory, .. spec.Arguments.Select(a => spec.FillIn(a, files))]
            : [.. spec.Arguments.Select(a => spec.FillIn(a, files))];
        return new LaunchPlan(executable, arguments, environment, spec.WorkingDirectory is null ? null : directory);
    }

    /// <summary>Executes the plan. Returns the PID, or on failure a reason.</summary>
    internal static int Launch(LaunchPlan plan, SafeFileHandle output, InstanceLock instanceLock, out (StartupReason Reason, string Detail) failure)
    {
        failure = default;
        if (OperatingSystem.IsWindows())
        {
            return WindowsLauncher.Launch(plan, output, instanceLock, out failure);
        }

        var pid = SpawnedProcess.Start(plan.Executable, plan.Arguments, plan.Environment, plan.WorkingDirectory, output, instanceLock.Handle);
        if (pid > 0)
        {
            return pid;
        }

        failure = -pid switch
        {
            Errno.NoEntry => (StartupReason.CommandNotFound, $"{plan.Executable}: it, or the interpreter that it names, does not exist"),
            Errno.ExecFormat => (StartupReason.InvalidConfiguration, $"{plan.Executable} is not in a format that this system can execute (a script needs a '#!' line)"),
            var error when Errno.IsPermission(error) => (StartupReason.PermissionDenied, $"{plan.Executable} may not be executed: {Errno.Describe(error)}"),
            var error => (StartupReason.InvalidConfiguration, $"{plan.Executable} could not be executed: {Errno.Describe(error)}"),
        };
        return 0;
    }

    private static Dictionary<string, string> BuildEnvironment(DaemonSpec spec, DaemonFiles files, EngineOptions options, string instanceId)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        // A context of the launcher's own parent is not this start's.
        environment.Remove("TRACEPARENT");
        environment.Remove("TRACESTATE");
        foreach (var (name, value) in options.DaemonEnvironment.Concat(spec.Environment))
        {
            if (value is null)
            {
                environment.Remove(name);
            }
            else
            {
                environment[name] = spec.FillIn(value, files);
            }
        }

        environment[InstanceRecord.EnvironmentVariable] = instanceId;
        environment["MONITOR_DAEMON_NAME"] = spec.Name;
        environment[StateDirectory.EnvironmentVariable] = files.StateDirectory;
        if (!OperatingSystem.IsWindows())
        {
            environment[LockDescriptorVariable] = Number(SpawnedProcess.LockDescriptor);
        }

        return environment;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
