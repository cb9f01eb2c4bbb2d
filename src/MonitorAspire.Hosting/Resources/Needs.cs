using Aspire.Hosting.ApplicationModel;

namespace MonitorAspire.Hosting.Resources;

/// <summary>The resources that a resource needs while it runs: those that it waits for before it starts, but no job that ends before that.</summary>
internal static class Needs
{
    internal static IEnumerable<(IResource Resource, DependencyCondition Condition)> Of(IResource resource) => resource.Annotations.OfType<WaitAnnotation>()
        .Where(wait => wait.WaitType != WaitType.WaitForCompletion)
        .Select(wait => (wait.Resource, wait.WaitType == WaitType.WaitUntilStarted ? DependencyCondition.Started : DependencyCondition.Verified));
}
