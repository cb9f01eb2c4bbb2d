using MonitorAspire.Supervision.Tests.Sample.High;

// Types of the folder Low that use a type of the folder High, each in another way.
namespace MonitorAspire.Supervision.Tests.Sample.Low
{
    public sealed class BaseType : TargetException;

    public sealed class AField
    {
        public static readonly TargetException? Field;
    }

    public static class AParameter
    {
        public static bool Method(TargetException target) => target is null;
    }

    public static class ALocal
    {
        public static string? Method(object value)
        {
            var local = value as TargetException;
            return local?.ToString() + local;
        }
    }

    public static class ACall
    {
        public static void Method() => TargetException.Call();
    }

    public static class ALambda
    {
        public static Action Method() => static () => TargetException.Call();
    }

    public static class AnAsyncCall
    {
        public static async Task MethodAsync()
        {
            await Task.Yield();
            TargetException.Call();
        }
    }

    public static class ATypeArgument
    {
        public static object Method() => new List<TargetException>();
    }

    public static class AConstraint<T>
        where T : TargetException;

    public static class ACatch
    {
        public static void Method()
        {
            try
            {
                GC.KeepAlive(null);
            }
            catch (TargetException)
            {
                // The type of the exception is the reference.
            }
        }
    }

    public static class AnAttribute
    {
        [TargetException.Mark]
        public static void Method()
        {
        }
    }

    public static class ATypeInAnAttribute
    {
        [System.ComponentModel.TypeConverter(typeof(TargetException))]
        public static void Method()
        {
        }
    }
}

namespace MonitorAspire.Supervision.Tests.Sample.High
{
    public class TargetException : Exception
    {
        public static void Call()
        {
        }

        [AttributeUsage(AttributeTargets.Method)]
        public sealed class MarkAttribute : Attribute;
    }
}
