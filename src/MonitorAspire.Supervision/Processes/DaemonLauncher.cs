using System.Collections;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>A command that is ready to execute: the executable is found and all placeholders are replaced.</summary>
internal sealed record LaunchPlan(string Executable, IReadOnlyList<string> Arguments, Dictionary<string, string> Environment, string? WorkingDirectory)
{
    /// <summary>What is executed before it and executes it in its own place, see <see cref="LaunchPrefix"/>.</summary>
    internal IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>Whether the prefix sets the limit of descriptors.</summary>
    internal bool SetsDescriptorLimit { get; init; }

    /// <summary>All words, the prefix first. The first one is the program that is spawned.</summary>
    internal IEnumerable<string> Words => [.. Prefix, Executable, .. Arguments];
}

/// <summary>Turns a specification into a process.</summary>
internal static class DaemonLauncher
{
    /// <summary>The variable with the number of the descriptor that holds the daemon's lock.</summary>
    internal const string LockDescriptorVariable = "MONITOR_LOCK_FD";

    /// <summary>
    /// Finds the executable and replaces the placeholders in arguments and environment. The built-in daemon is beside the running program
    /// by default. The specification's own variables replace the variables for every daemon.
    /// </summary>
    /// <exception cref="StartupFailedException">The command or the working directory does not exist or may not be used.</exception>
    internal static LaunchPlan Plan(
        DaemonSpec spec, DaemonFiles files, string? builtInDaemon, IReadOnlyDictionary<string, string?> variables, string instanceId)
    {
        var directory = WorkingDirectory(spec);
        var environment = BuildEnvironment(spec, files, variables, instanceId, directory);
        var prefix = LaunchPrefix.Of(spec, environment);

        if (spec.WorkingDirectory is not null)
        {
            // Shells and others take the name of their directory from here, with symbolic links kept.
            environment["PWD"] = directory;
        }

        var (command, first) = spec.Command is { } given ? new OwnProgram(given, []) : builtInDaemon is null ? OwnProgram.Beside(OwnProgram.Daemon) : new OwnProgram(builtInDaemon, []);
        var executable = ExecutableLookup.Find(command, environment.GetValueOrDefault("PATH"), directory, out var isForbidden)
            ?? throw (isForbidden
                ? new StartupFailedException(StartupReason.PermissionDenied, $"'{command}' is there but may not be executed")
                : new StartupFailedException(StartupReason.CommandNotFound, spec.Command is null
                    ? $"the built-in daemon was not found at {command}"
                    : $"there is no command '{command}'{(command.Contains('/', StringComparison.Ordinal) ? "" : " on the PATH")}"));

        return new LaunchPlan(executable, [.. first, .. Arguments(spec, files)], environment, spec.WorkingDirectory is null ? null : directory)
        {
            Prefix = prefix,
            SetsDescriptorLimit = spec.Limits?.NoFile is not null,
        };
    }

    private static string WorkingDirectory(DaemonSpec spec)
    {
        string directory;
        try
        {
            if (spec.WorkingDirectory is null)
            {
                // Inherited by the daemon, so it need not be reachable by its name.
                return Directory.GetCurrentDirectory();
            }

            directory = Path.TrimEndingDirectorySeparator(Path.IsPathRooted(spec.WorkingDirectory) ? spec.WorkingDirectory : Path.Combine(Directory.GetCurrentDirectory(), spec.WorkingDirectory));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, $"the current directory {Environment.GetEnvironmentVariable("PWD")} was deleted, or cannot be read; give the daemon another working directory") { IsPassing = true };
        }

        return Directory.Exists(directory) ? directory
            : throw new StartupFailedException(StartupReason.InvalidConfiguration, $"the working directory {directory} does not exist") { IsPassing = true };
    }

    /// <summary>The arguments of a daemon, with all placeholders replaced.</summary>
    internal static IReadOnlyList<string> Arguments(DaemonSpec spec, DaemonFiles files)
    {
        var own = spec.Arguments.Select(argument => files.FillIn(argument, spec.Host));
        return spec.Command is null ? ["--port", Number(spec.Port), "--host", spec.Host, "--state-dir", files.StateDirectory, .. own] : [.. own];
    }

    /// <summary>Executes the plan.</summary>
    /// <exception cref="StartupFailedException">The system refuses to execute the command.</exception>
    internal static int Launch(LaunchPlan plan, SafeFileHandle output, InstanceLock instanceLock)
    {
        if (OperatingSystem.IsWindows())
        {
            return WindowsLauncher.Launch(plan, output, instanceLock);
        }

        var pid = SpawnedProcess.Start(plan.Words, plan.Environment, plan.WorkingDirectory, output, instanceLock.Handle, plan.SetsDescriptorLimit);
        return pid > 0 ? pid : throw (-pid switch
        {
            Errno.NoEntry => new StartupFailedException(StartupReason.CommandNotFound, $"{plan.Executable}: it, or the interpreter that it names, does not exist"),
            Errno.ExecFormat => new StartupFailedException(
                StartupReason.InvalidConfiguration, $"{plan.Executable} is not in a format that this system can execute (a script needs a '#!' line)")
            {
                IsPassing = true,
            },
            var error => new StartupFailedException(
                Errno.IsPermission(error) ? StartupReason.PermissionDenied : Errno.IsBusy(error) ? StartupReason.TimedOut : StartupReason.InvalidConfiguration,
                $"{plan.Executable} {(Errno.IsPermission(error) ? "may" : "could")} not be executed: {Errno.Describe(error)}")
            {
                // The arguments are the definition's, and everything else is the machine's.
                IsPassing = error is not (Errno.ArgumentsTooLong or Errno.Invalid) && error != Errno.NameTooLong,
            },
        });
    }

    /// <summary>Sets a variable, or removes it where the value is <see langword="null"/>.</summary>
    internal static void SetOrRemove(Dictionary<string, string> environment, string name, string? value)
    {
        if (value is null)
        {
            environment.Remove(name);
        }
        else
        {
            environment[name] = value;
        }
    }

    private static Dictionary<string, string> BuildEnvironment(
        DaemonSpec spec, DaemonFiles files, IReadOnlyDictionary<string, string?> variables, string instanceId, string directory)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        // The trace context of the launcher's own parent does not belong to this start.
        environment.Remove("TRACEPARENT");
        environment.Remove("TRACESTATE");
        environment.Remove(UserDescriptorLimit.Variable);
        Fill(variables);
        foreach (var (name, value) in spec.EnvironmentFiles.SelectMany(entry => ReadFile(entry, directory)))
        {
            SetOrRemove(environment, name, value);
        }

        Fill(spec.Environment);

        environment[InstanceRecord.EnvironmentVariable] = instanceId;
        environment["MONITOR_DAEMON_NAME"] = spec.Name;
        environment[StateDirectory.EnvironmentVariable] = files.StateDirectory;
        if (!OperatingSystem.IsWindows())
        {
            environment[LockDescriptorVariable] = Number(SpawnedProcess.LockDescriptor);
        }

        return environment;

        void Fill(IEnumerable<KeyValuePair<string, string?>> given)
        {
            foreach (var (name, value) in given)
            {
                SetOrRemove(environment, name, value is null ? null : files.FillIn(value, spec.Host));
            }
        }
    }

    // A file that other users can write to would let them run code in the daemon (LD_PRELOAD), so it must be as trustworthy as the state directory.
    private static IReadOnlyList<KeyValuePair<string, string?>> ReadFile(string entry, string directory)
    {
        var (path, isOptional) = EnvironmentFile.Resolve(entry, directory);
        try
        {
            if (!Path.Exists(path))
            {
                return isOptional ? [] : throw new StartupFailedException(StartupReason.InvalidConfiguration, $"the environment file {path} does not exist; written as '-{EnvironmentFile.PathOf(entry)}' it may be missing") { IsPassing = true };
            }

            if (!OperatingSystem.IsWindows() && FileStatus.Of(path, follow: true) is { IsFile: false })
            {
                throw new IOException("it is no regular file");
            }

            return TrustedPath.WhyNot(path, isState: false) is { } untrusted
                ? throw new StartupFailedException(StartupReason.PermissionDenied, $"the environment file is not read: {untrusted}")
                : EnvironmentFile.Read(path);
        }
        catch (FormatException e)
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, $"the environment file {path}: {e.Message}") { IsPassing = true };
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"this user may not read the environment file {path}");
        }
        catch (IOException e)
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, $"the environment file {path} cannot be read: {e.Message}") { IsPassing = true };
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
