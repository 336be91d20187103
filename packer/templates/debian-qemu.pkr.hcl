# A golden Debian image by the qemu builder: boot a base image with its own kernel, change it, seal it.
#
#   packer build -var base_image=base.qcow2 -var kernel=vmlinuz -var initrd=initrd.img \
#     -var ssh_private_key_file=key -var output_directory=golden packer/templates/debian-qemu.pkr.hcl
#
# The base image holds one file system on the whole disk, without a boot loader, with sshd, sudo and the network on eth0 up,
# and accepts the key. Boot what comes out with the same kernel and initrd.

packer {
  required_plugins {
    leaven = {
      version = ">= 0.1.0"
      source  = "github.com/leaven-dev/leaven"
    }
    qemu = {
      version = ">= 1.0.9"
      source  = "github.com/hashicorp/qemu"
    }
  }
}

variable "base_image" {
  type        = string
  description = "The qcow2 image to start from. It stays as it is, and the golden image needs it (backing file)."
}

variable "kernel" {
  type        = string
  description = "The kernel that the base image is booted with."
}

variable "initrd" {
  type        = string
  description = "The initial RAM disk of that kernel."
}

variable "output_directory" {
  type        = string
  description = "Where the golden image, the report and the serial log go. It must not exist yet."
}

variable "image_name" {
  type    = string
  default = "golden.qcow2"
}

variable "disk_size" {
  type        = string
  default     = "2G"
  description = "Size of the disk, at least that of the base image."
}

variable "ssh_username" {
  type    = string
  default = "root"
}

variable "ssh_private_key_file" {
  type = string
}

variable "sudo_password" {
  type        = string
  default     = ""
  sensitive   = true
  description = "Needed when the user is not root and sudo asks for a password."
}

variable "accelerator" {
  type        = string
  default     = "kvm"
  description = "kvm, or tcg where the machine has no KVM."
}

variable "cpu_model" {
  type        = string
  default     = "max"
  description = "What the machine's CPU is. Emulated by QEMU 7.2, Debian 13's kernel needs \"max,-cx16\"."
}

variable "cpus" {
  type    = number
  default = 2
}

variable "memory" {
  type        = number
  default     = 1024
  description = "In MiB."
}

variable "ssh_timeout" {
  type        = string
  default     = "5m"
  description = "How long booting may take. Emulated (tcg), it takes most of a minute."
}

variable "serial_log" {
  type        = string
  default     = ""
  description = "Where the machine's serial console is written; empty for serial.log beside the image's folder."
}

variable "profile" {
  type    = string
  default = "ami"
}

locals {
  sudo       = var.ssh_username == "root" ? "" : "sudo -n "
  serial_log = var.serial_log != "" ? var.serial_log : "${var.output_directory}.serial.log"
}

source "qemu" "debian" {
  disk_image       = true
  iso_url          = var.base_image
  iso_checksum     = "none"
  use_backing_file = true
  format           = "qcow2"
  disk_size        = var.disk_size
  disk_interface   = "virtio"
  disk_cache       = "unsafe" # a build that loses power is built again
  skip_compaction  = true
  output_directory = var.output_directory
  vm_name          = var.image_name

  accelerator      = var.accelerator
  machine_type     = "q35"
  cpu_model        = var.cpu_model
  cpus             = var.cpus
  memory           = var.memory
  headless         = true
  net_device       = "virtio-net-pci"
  vnc_bind_address = "127.0.0.1"
  boot_wait        = "-1s"
  qemuargs = [
    ["-kernel", var.kernel],
    ["-initrd", var.initrd],
    ["-append", "root=/dev/vda rw console=ttyS0 mitigations=off quiet net.ifnames=0"],
    ["-serial", "file:${local.serial_log}"],
    # The plugin's own forwarding listens on every address of the build machine.
    ["-netdev", "user,id=user.0,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22"],
  ]

  communicator           = "ssh"
  ssh_username           = var.ssh_username
  ssh_private_key_file   = var.ssh_private_key_file
  ssh_timeout            = var.ssh_timeout
  ssh_handshake_attempts = 100
  # Without a clean shutdown QEMU is killed: unsynced data is lost, and the last stage of sealing never runs.
  shutdown_command = "${local.sudo}systemctl poweroff"
  shutdown_timeout = "3m"
}

build {
  sources = ["source.qemu.debian"]

  # What a real build does, in small: it leaves software, logs and histories behind.
  provisioner "shell" {
    execute_command = "chmod +x {{ .Path }}; ${local.sudo}env {{ .Vars }} {{ .Path }}"
    inline = [
      "echo 'A golden image.' >/etc/motd",
      "echo 'built by packer' >>/var/log/packer-build.log",
      "logger -t packer-build 'provisioning'",
      "echo 'export AWS_SECRET_ACCESS_KEY=not-a-real-one' >>/root/.bash_history",
      "mkdir -p /tmp/packer-build && date >/tmp/packer-build/started",
    ]
  }

  # Last of all: whatever runs after it makes the image dirty again.
  provisioner "leaven" {
    profile       = var.profile
    sudo_password = var.sudo_password
    report        = "${var.output_directory}/seal-report.json"
  }
}
