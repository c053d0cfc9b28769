function _nundb_exporter_completion;
    set -l response (env _NUNDB_EXPORTER_COMPLETE=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -t) nundb-exporter);

    for completion in $response;
        set -l metadata (string split "," $completion);

        if test $metadata[1] = "dir";
            __fish_complete_directories $metadata[2];
        else if test $metadata[1] = "file";
            set -l flag (string match -r '^--[^=]+=' -- (commandline -ct)); for path in (__fish_complete_path $metadata[2]); echo "$flag$path"; end;
        else if test $metadata[1] = "plain";
            echo $metadata[2];
        end;
    end;
end;

complete --no-files --command nundb-exporter --arguments "(_nundb_exporter_completion)";
