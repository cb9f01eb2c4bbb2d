using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Launching;
using MonitorAspire.Hosting.Supervisor;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Hosting.Resources;

/// <summary>The commands that a supervised resource has in the dashboard, in addition to Aspire's own, and what supervision changes of those. The
/// dashboard moves commands that are not highlighted into a submenu as soon as there are more than five.</summary>
internal static class SupervisedCommands
{
    internal const string Diagnose = "diagnose";
    internal const string ResetCrashLoop = "reset-crash-loop";
    internal const string StopRetrying = "stop-retrying";

    internal static IResourceBuilder<T> WithSupervisionCommands<T>(this IResourceBuilder<T> builder, string daemon)
        where T : IResource => builder
        .WithCommand(
            Diagnose,
            "Diagnose",
            context => RunAsync(context, async client => CommandResults.Success(
                $"Diagnosis of {daemon}", await client.DiagnoseAsync(daemon, context.CancellationToken).ConfigureAwait(false), CommandResultFormat.Markdown, displayImmediately: true)),
            new CommandOptions
            {
                Description = "What the supervisor knows about this daemon: its checks, the owner of its port, its last failure, and what to do.",
                IconName = "Stethoscope",
                IsHighlighted = true,
                // Also for a daemon that does not run, which needs it most.
                UpdateState = static _ => ResourceCommandState.Enabled,
            })
        .WithCommand(
            ResetCrashLoop,
            "Reset crash loop",
            context => RunAsync(context, async client =>
            {
                await client.ResetAsync(daemon, context.CancellationToken).ConfigureAwait(false);
                return CommandResults.Success($"The failures of {daemon} are reset; it is started now");
            }),
            new CommandOptions
            {
                Description = "Resets the failures of the daemon and starts it at once.",
                IconName = "ArrowReset",
                IsHighlighted = true,
                UpdateState = context => StateOf(context, daemon) is DaemonState.CrashLooping or DaemonState.Backoff ? ResourceCommandState.Enabled : ResourceCommandState.Hidden,
            })
        .WithCommand(
            StopRetrying,
            "Stop retrying",
            context => StopRetryingAsync(context, daemon),
            new CommandOptions
            {
                Description = "The daemon stays stopped until a person starts it.",
                IconName = "RecordStop",
                IsHighlighted = true,
                UpdateState = context => IsRetried(StateOf(context, daemon)) ? ResourceCommandState.Enabled : ResourceCommandState.Hidden,
            });

    /// <summary>
    /// Changes Aspire's own commands for the time in which no process lives and the next start comes by itself: <c>stop</c> ends that, and the
    /// others behave as for a resource that has ended. Aspire adds its commands after the application model is complete.
    /// </summary>
    internal static void AdaptLifecycle(IResource resource, string daemon)
    {
        foreach (var command in resource.Annotations.OfType<ResourceCommandAnnotation>().ToList())
        {
            if (command.Name == KnownResourceCommands.StopCommand)
            {
                Replace(
                    command,
                    context => IsRetried(StateOf(context, daemon)) ? ResourceCommandState.Enabled : command.UpdateState(context),
                    context => IsRetried(context.Services.GetRequiredService<DaemonDisplay>().Find(daemon)?.State) && !HasProcess(context, daemon)
                        ? StopRetryingAsync(context, daemon)
                        : EndProcessAsync(context, command));
            }
            else if (command.Name == KnownResourceCommands.StartCommand)
            {
                Replace(command, context => command.UpdateState(AsEnded(context)), command.ExecuteCommand);
            }
            else if (command.Name == KnownResourceCommands.RestartCommand || command.Name == KnownResourceCommands.RebuildCommand)
            {
                Replace(command, context => command.UpdateState(AsEnded(context)), context => EndProcessAsync(context, command));
            }
        }

        Task<ExecuteCommandResult> EndProcessAsync(ExecuteCommandContext context, ResourceCommandAnnotation command)
        {
            context.Services.GetRequiredService<LaunchReporter>().AnnounceStop(daemon);
            return command.ExecuteCommand(context);
        }

        void Replace(ResourceCommandAnnotation command, Func<UpdateCommandStateContext, ResourceCommandState> updateState, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> execute)
        {
            // The old one is removed first: Aspire expects one command of each name.
            resource.Annotations.Remove(command);
            resource.Annotations.Add(new ResourceCommandAnnotation(
                command.Name, command.DisplayName, updateState, execute, command.DisplayDescription, command.Arguments, command.ConfirmationMessage, command.IconName,
                command.IconVariant, command.IsHighlighted, command.Visibility, command.ValidateArguments));
        }
    }

    /// <summary>
    /// Puts the commands of supervision behind the others. The row of a resource has icons for the first two highlighted commands that are
    /// offered. So it has <c>Start</c> and <c>Stop</c> where it has them without supervision: one of them and <c>Diagnose</c> in most states,
    /// both in a crash loop. Aspire adds its commands last.
    /// </summary>
    internal static CustomResourceSnapshot InOrder(CustomResourceSnapshot snapshot) =>
        snapshot with { Commands = [.. snapshot.Commands.Where(c => !IsOwn(c.Name)), .. snapshot.Commands.Where(c => IsOwn(c.Name))] };

    private static bool IsOwn(string command) => command is Diagnose or ResetCrashLoop or StopRetrying;

    private static bool IsRetried(DaemonState? state) => state is DaemonState.CrashLooping or DaemonState.Backoff or DaemonState.Foreign;

    private static DaemonState? StateOf(UpdateCommandStateContext context, string daemon) => context.Services.GetRequiredService<DaemonDisplay>().Find(daemon)?.State;

    // The supervisor's word may be older than the launch. A living process is always stopped by Aspire.
    private static bool HasProcess(ExecuteCommandContext context, string daemon) =>
        context.Services.GetRequiredService<LaunchReporter>().Find(daemon)?.State is LauncherState.Running or LauncherState.Stopping;

    private static UpdateCommandStateContext AsEnded(UpdateCommandStateContext context) => RetryState.Is(context.ResourceSnapshot.State?.Text)
        ? new UpdateCommandStateContext { ResourceSnapshot = context.ResourceSnapshot with { State = KnownResourceStates.Finished }, Services = context.Services }
        : context;

    private static Task<ExecuteCommandResult> StopRetryingAsync(ExecuteCommandContext context, string daemon) => RunAsync(context, async client =>
    {
        await client.StopAsync(daemon, context.CancellationToken).ConfigureAwait(false);
        return CommandResults.Success($"{daemon} stays stopped until you start it");
    });

    private static async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context, Func<SupervisorClient, Task<ExecuteCommandResult>> command)
    {
        try
        {
            return await command(context.Services.GetRequiredService<SupervisorClient>()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return CommandResults.Failure(e.Message);
        }
    }
}
