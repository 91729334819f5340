using Microsoft.Extensions.Options;

namespace Metering.Kernel.Hosting;

/// <summary>Why a program does not start, for whoever started it.</summary>
internal static class StartFailure
{
    /// <summary>One line.</summary>
    public static string Line(string program, Exception failure)
    {
        var why = failure is OptionsValidationException wrong ? string.Join("; ", wrong.Failures) : failure.Message;
        return $"{program}: {why.ReplaceLineEndings(" ")}";
    }

    /// <summary>2: a setting is wrong; 1: this machine does not let it.</summary>
    public static int Code(Exception failure) =>
        failure is OptionsValidationException or FormatException or InvalidDataException or InvalidOperationException or ArgumentException
            ? 2 : 1;
}
