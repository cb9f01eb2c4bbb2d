using Aspire.Hosting.ApplicationModel;

namespace MonitorAspire.Hosting.Resources;

/// <summary>Which resources outlive the AppHost.</summary>
internal static class Persistence
{
#pragma warning disable ASPIREPERSISTENCE001 // Aspire's own method that reads the annotation is internal.
    internal static bool IsPersistent(IResource resource) => resource.Annotations.OfType<PersistenceAnnotation>().LastOrDefault() switch
    {
        { Mode: PersistenceMode.Persistent or PersistenceMode.ParentProcess } => true,
        { Mode: PersistenceMode.Resource, SourceResource: { } source } => IsPersistent(source),
        _ => false,
    };
#pragma warning restore ASPIREPERSISTENCE001
}
